import type { Box } from '../../contracts/schemas/job-outcome.ts';
import { boundsOf } from '../face/face-landmarks.ts';
import { topOfPerson } from '../face/find-clear-face.ts';
import { type FoundFaceModels, openFaceModels } from '../face/find-face-models.ts';
import { findUprightFace, type UprightFace } from '../face/find-upright-face.ts';
import { openSized } from '../image/open-image.ts';
import type { Raster } from '../image/raster.ts';
import { intersection, type ScoredBox } from './boxes.ts';
import type { Detection } from './detector-model.ts';

/** Faces are looked for in the photo at this size: enough for one of a tenth of its height. */
const MAX_SIDE_PX = 1024;
/** Lowest score of a person whose head is looked at more closely. */
const MIN_SCORE = 0.3;

/** Head and shoulders around a face, in sizes of the face: above the hairline, to each side, and below the chin. */
const AROUND = { above: 0.45, beside: 0.9, below: 1.5 };

export interface PhotoFaces {
  /**
   * The clearest face of the photo, and how the photo has to be turned for it, with points in pixels of the turned photo.
   */
  look(imagePath: string, people: Detection, mayTurn: boolean): Promise<UprightFace | undefined>;
}

export async function openPhotoFaces(found: FoundFaceModels, threads: number): Promise<PhotoFaces> {
  const models = await openFaceModels(found, threads);
  return {
    async look(imagePath, { found: people, widthPx, heightPx }, mayTurn) {
      const scale = Math.min(1, MAX_SIDE_PX / Math.max(widthPx, heightPx));
      const picture = await readScaled(imagePath, scale);
      const main = people.find(({ score }) => score >= MIN_SCORE);
      const upright = await findUprightFace(models, picture, {
        near: main && topOfPerson(main.box.map((value) => value * scale) as Box, picture),
        mayTurn,
      });
      return upright && { ...upright, face: enlarged(upright.face, 1 / scale) };
    },
  };
}

/** A person around a face that no person was found with, as sure as the face. */
export function personAround({ face }: UprightFace, widthPx: number, heightPx: number): ScoredBox {
  const [x1, y1, x2, y2] = boundsOf(face.points);
  const [width, height] = [x2 - x1, y2 - y1];
  const box: Box = [
    x1 - AROUND.beside * width,
    y1 - AROUND.above * height,
    x2 + AROUND.beside * width,
    y2 + AROUND.below * height,
  ];
  return { box: intersection(box, [0, 0, widthPx, heightPx]), score: face.score };
}

async function readScaled(path: string, scale: number): Promise<Raster> {
  const { opened, widthPx, heightPx } = await openSized(path);
  const { data, info } = await opened
    .resize(Math.max(1, Math.round(widthPx * scale)), Math.max(1, Math.round(heightPx * scale)), {
      fit: 'fill',
      kernel: 'linear',
    })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { bytes: data, widthPx: info.width, heightPx: info.height, channels: 3 };
}

function enlarged<T extends { points: Float32Array }>(face: T, factor: number): T {
  return { ...face, points: face.points.map((value) => value * factor) };
}
