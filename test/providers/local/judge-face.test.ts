import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { boundsOf, type FaceLandmarks } from '../../../src/inference/face/face-landmarks.ts';
import type { MouthCover } from '../../../src/inference/face/mouth-cover.ts';
import type { Raster } from '../../../src/inference/image/raster.ts';
import { MESH } from '../../../src/providers/local/face/face-mesh.ts';
import { pointAt } from '../../../src/providers/local/face/face-points.ts';
import { judgeFace } from '../../../src/providers/local/face/judge-face.ts';
import { readPhoto } from '../../../src/providers/local/picture/read-picture.ts';
import { createTalkModels, findTalkModels } from '../../../src/providers/local/talk-models.ts';

const ROOT = new URL('../../../', import.meta.url);
const path = (name: string) => fileURLToPath(new URL(name, ROOT));

/** The face of the sample portrait from the starter models. Each test changes its points. */
let photo: Raster;
let face: FaceLandmarks;
beforeAll(async () => {
  const models = await createTalkModels(
    await findTalkModels({ dir: path('models'), cacheDir: '/nowhere' }, 1),
  );
  photo = await readPhoto(path('samples/portrait.jpg'));
  const [found] = await models.detector.detect(photo);
  face = await models.landmarker.locate(photo, found!.box);
});

type Move = (x: number, y: number) => [x: number, y: number];

function moved(move: Move): FaceLandmarks {
  const points = face.points.slice();
  for (let i = 0; i < points.length; i += 3) {
    [points[i], points[i + 1]] = move(points[i]!, points[i + 1]!);
  }
  return { ...face, points };
}

function judge(other: FaceLandmarks, cover: MouthCover = { by: 'nothing', score: 0 }) {
  try {
    return { warnings: judgeFace(other, cover, photo) };
  } catch (error) {
    return error as Error & { code: string };
  }
}

describe('a face', () => {
  it('from the front, large and with its mouth closed is accepted', () => {
    expect(judge(face)).toEqual({ warnings: [] });
  });

  it('with a wide open mouth is refused, because there is no lip line to close', () => {
    const middle = pointAt(face.points, MESH.upperLipMiddle).y;
    const [left, right] = [MESH.leftMouthCorner, MESH.rightMouthCorner].map((i) => pointAt(face.points, i).x);
    const openBy = (share: number) => moved((x, y) => [x, y > middle + 1 ? y + share * (right! - left!) : y]);

    expect(judge(openBy(0.5))).toMatchObject({
      code: 'FACE_UNSUITABLE',
      message: 'The mouth is wide open. Use a photo with the mouth closed or smiling.',
      details: { reason: 'mouth_open' },
    });
    expect(judge(openBy(0.2))).toEqual({ warnings: [] });
  });

  it('that is small gets a warning, and is refused if its lips would be invisible', () => {
    const [, top, , bottom] = boundsOf(face.points);
    const heightOf = (px: number) => moved((x, y) => [(x * px) / (bottom - top), (y * px) / (bottom - top)]);

    expect(judge(heightOf(100))).toEqual({ warnings: [expect.stringContaining('The face is small')] });
    expect(judge(heightOf(40))).toMatchObject({
      code: 'FACE_UNSUITABLE',
      message:
        'The face is too small: 40 pixels from hairline to chin, and at least 45 are needed. ' +
        'Use a larger photo, or one taken from closer.',
      details: { reason: 'too_small', height_px: 40, min_height_px: 45 },
    });
  });

  it('that is half outside of the photo is refused', () => {
    const [left, , right] = boundsOf(face.points);

    expect(judge(moved((x, y) => [x - (left + right) / 2, y]))).toMatchObject({
      code: 'FACE_UNSUITABLE',
      message: expect.stringContaining('shows the whole face'),
      details: { reason: 'cut_off', outside_percent: expect.any(Number) },
    });
  });

  it('that looks to the side is refused', () => {
    const nose = pointAt(face.points, MESH.noseBase).x;

    expect(judge(moved((x, y) => [x > nose ? nose + 0.3 * (x - nose) : x, y]))).toMatchObject({
      code: 'FACE_UNSUITABLE',
      message: expect.stringContaining('Use a photo from the front'),
      details: { reason: 'turned', max_degrees: 28 },
    });
  });

  it('that lies on its side is refused with its angle', () => {
    const middle = pointAt(face.points, MESH.noseBase);
    const rotatedBy = (degrees: number) => {
      const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
      return moved((x, y) => [
        middle.x + (x - middle.x) * cos - (y - middle.y) * sin,
        middle.y + (x - middle.x) * sin + (y - middle.y) * cos,
      ]);
    };

    expect(judge(rotatedBy(-40))).toEqual({ warnings: [] });
    expect(judge(rotatedBy(75))).toMatchObject({
      code: 'FACE_UNSUITABLE',
      message: expect.stringMatching(/rotated by about 7\d degrees\. Rotate the photo/),
    });
  });

  it('with low confidence or unstable landmarks is refused', () => {
    for (const unsure of [{ logit: 4 }, { drift: 0.05 }]) {
      expect(judge({ ...face, ...unsure })).toMatchObject({
        code: 'FACE_UNSUITABLE',
        message: expect.stringContaining('not clearly visible'),
      });
    }
  });
});
