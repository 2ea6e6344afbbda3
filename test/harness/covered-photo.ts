import { type CoverName, drawCover } from '../../scripts/models-eval/draw-cover.ts';
import { createFaceDetector, FACE_KINDS } from '../../src/inference/face/face-detector.ts';
import { createFaceLandmarker, LANDMARK_KINDS } from '../../src/inference/face/face-landmarks.ts';
import { readArea } from '../../src/inference/image/open-image.ts';
import { findModel } from '../../src/models/find-model.ts';

const STARTERS = { cacheDir: '/nowhere' };

/**
 * A photo with something drawn over the mouth of its face, as a PNG.
 * @param at where, from the lips, in distances of the eyes: see `drawCover`
 */
export async function coverPhoto(
  path: string,
  name: CoverName,
  at?: readonly [x: number, y: number],
): Promise<Buffer> {
  const [detector, landmarker] = await Promise.all([
    createFaceDetector(await findModel('face-detection', FACE_KINDS, STARTERS), { threads: 1 }),
    createFaceLandmarker(await findModel('face-landmarks', LANDMARK_KINDS, STARTERS), { threads: 1 }),
  ]);
  const picture = await readArea(path);
  const [face] = await detector.detect(picture, 0.5);
  if (!face) {
    throw new Error(`The starter finds no face in ${path}`);
  }
  return drawCover(path, (await landmarker.locate(picture, face.box)).points, name, at);
}
