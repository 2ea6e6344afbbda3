import type { Sharp } from 'sharp';
import { clamp } from '../../clamp.ts';
import type { Box } from '../../contracts/schemas/job-outcome.ts';
import { sharp } from './image-library.ts';

const FACE_PX = 160;
/** Side of a crop, relative to the height of the face: hair and chin are in it. */
const AROUND_FACE = 1.7;
/** Of a person without a known face, the top is shown: a square of this share of the box's width. */
const TOP_OF_PERSON = 0.8;
/** A quarter of the time of the default, for files a few percent larger. */
const FAST = { effort: 0 } as const;

interface FaceBoxes {
  person: Box;
  face?: Box;
}

/**
 * A square picture of each face as WebP, or of the top of the person if no face is known. The photo is decoded once.
 * @param faces boxes in pixels of the photo
 */
export async function cropFaces(photoPath: string, faces: FaceBoxes[]): Promise<Buffer[]> {
  const { data, info } = await sharp(photoPath).raw().toBuffer({ resolveWithObject: true });
  return Promise.all(faces.map((boxes) => cropFace(sharp(data, { raw: info }), info, boxes)));
}

function cropFace(
  photo: Sharp,
  { width, height }: { width: number; height: number },
  { person, face }: FaceBoxes,
): Promise<Buffer> {
  const [left, top, right, bottom] = face ?? topOf(person);
  const side = Math.max(right - left, bottom - top) * (face ? AROUND_FACE : 1);
  const size = Math.round(clamp(side, 1, Math.min(width, height)));
  const place = (centre: number, limit: number) => Math.round(clamp(centre - size / 2, 0, limit - size));
  return photo
    .extract({
      left: place((left + right) / 2, width),
      top: place((top + bottom) / 2, height),
      width: size,
      height: size,
    })
    .resize(FACE_PX, FACE_PX)
    .webp({ quality: 80, ...FAST })
    .toBuffer();
}

/** The cut-out as a small file: an eighth to a twentieth of the PNG. */
export async function shrinkCutout(cutoutPath: string): Promise<Buffer> {
  return sharp(cutoutPath)
    .webp({ quality: 85, alphaQuality: 90, ...FAST })
    .toBuffer();
}

function topOf([left, top, right, bottom]: Box): Box {
  const side = Math.min((right - left) * TOP_OF_PERSON, bottom - top);
  const centre = (left + right) / 2;
  return [centre - side / 2, top, centre + side / 2, top + side];
}
