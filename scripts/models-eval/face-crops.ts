import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import sharp from 'sharp';
import { z } from 'zod';
import { boundsOf, LANDMARKS, rollOf } from '../../src/inference/face/face-landmarks.ts';
import { type FaceModels, findClearFace, isClear } from '../../src/inference/face/find-clear-face.ts';
import { readArea } from '../../src/inference/image/open-image.ts';
import type { CropArea } from '../../src/inference/image/raster.ts';
import { type FacePoints, faceHeight, faceYaw } from '../../src/providers/local/face/face-points.ts';
import { gapRatio, mouthFrameOf } from '../../src/providers/local/mouth/mouth-frame.ts';

const CROP = { widthPx: 480, heightPx: 600 };
/** Faces that turn, lean or shout more are not what the built-in renderer is for. */
const MAX_YAW = (25 * Math.PI) / 180;
const MAX_ROLL = (20 * Math.PI) / 180;
const MAX_GAP = 0.3;
/** Faces must be this high in the photo, else the crops of close-ups are blurs. */
const MIN_HEIGHT_PX = 40;
/** Crops may be this far off centre if the photo ends, as a share of their sides: up to half of the height, and above. */
const CLOSE_UP = 0.5;
const MAX_OFF_CENTRE = 0.04;
/** Sources whose `train` split the shipped models have seen, as in `models/train/faces.py`. */
const TRAINED_ON = ['US Congress', 'Fake Profile', 'COCO'];
const PICTURES = ['.jpg', '.jpeg', '.png', '.webp'];

export interface PhotoFace {
  path: string;
  /** Pixels of the photo. */
  points: FacePoints;
}

const AnnotatedFace = z.object({
  id: z.string(),
  split: z.string(),
  source: z.string(),
  yaw: z.number(),
  landmarks468: z.array(z.tuple([z.number(), z.number()])).length(LANDMARKS),
});

/**
 * The frontal faces of a folder with their points: those of its `annotations.json` that the shipped models have not
 * been trained on, or if there is no such file, the faces that the reference finds in its pictures.
 */
export async function readPhotoFaces(dir: string, reference: FaceModels): Promise<PhotoFace[]> {
  const names = await readdir(dir);
  if (!names.includes('annotations.json')) {
    const paths = names.filter((name) => PICTURES.includes(extname(name).toLowerCase()));
    const found = await Promise.all(paths.map((name) => findIn(join(dir, name), reference)));
    return found.flat();
  }
  const all = z.array(AnnotatedFace).parse(JSON.parse(await readFile(join(dir, 'annotations.json'), 'utf8')));
  return all
    .filter(({ split, source }) => split === 'val' || !TRAINED_ON.some((name) => source.startsWith(name)))
    .filter(({ yaw }) => Math.abs(yaw) <= (MAX_YAW * 180) / Math.PI)
    .map(({ id, landmarks468 }) => ({
      path: join(dir, 'images', `${id}.jpg`),
      points: Float32Array.from(landmarks468.flatMap(([x, y]) => [x, y, 0])),
    }))
    .filter(({ points }) => isUsual(points));
}

async function findIn(path: string, reference: FaceModels): Promise<PhotoFace[]> {
  const face = await findClearFace(reference, await readArea(path));
  return face && isClear(face) && Math.abs(faceYaw(face.points)) <= MAX_YAW && isUsual(face.points)
    ? [{ path, points: face.points }]
    : [];
}

function isUsual(points: FacePoints): boolean {
  return (
    Math.abs(rollOf(points)) <= MAX_ROLL &&
    gapRatio(mouthFrameOf(points)) <= MAX_GAP &&
    faceHeight(points) >= MIN_HEIGHT_PX
  );
}

/**
 * The part of the photo in which the face, from hairline to chin, takes a share of the height. `undefined` if the photo
 * does not reach that far.
 */
export async function cropFor({ path, points }: PhotoFace, share: number): Promise<CropArea | undefined> {
  const photo = await sharp(path).metadata();
  const [x1, y1, x2, y2] = boundsOf(points);
  const height = faceHeight(points) / share;
  const width = (height * CROP.widthPx) / CROP.heightPx;
  if (width > photo.width || height > photo.height) {
    return undefined;
  }
  const left = (x1 + x2 - width) / 2;
  const top = (y1 + y2 - height) / 2;
  const inside = {
    left: Math.min(Math.max(0, left), photo.width - width),
    top: Math.min(Math.max(0, top), photo.height - height),
  };
  const isOff =
    Math.abs(inside.left - left) > MAX_OFF_CENTRE * width ||
    Math.abs(inside.top - top) > MAX_OFF_CENTRE * height;
  return share > CLOSE_UP && isOff
    ? undefined
    : {
        left: Math.floor(inside.left),
        top: Math.floor(inside.top),
        width: Math.floor(width),
        height: Math.floor(height),
      };
}

export async function writeCrop(path: string, area: CropArea, pngPath: string): Promise<void> {
  await sharp(path)
    .extract(area)
    .resize(CROP.widthPx, CROP.heightPx, { fit: 'fill' })
    .removeAlpha()
    .toColourspace('srgb')
    .png({ compressionLevel: 1 })
    .toFile(pngPath);
}
