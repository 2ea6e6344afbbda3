import { fileURLToPath } from 'node:url';
import sharp, { type Sharp } from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { boundsOf } from '../../../src/inference/face/face-landmarks.ts';
import { type FaceModels, findClearFace, isClear } from '../../../src/inference/face/find-clear-face.ts';
import { findFaceModels, openFaceModels } from '../../../src/inference/face/find-face-models.ts';
import { findUprightFace } from '../../../src/inference/face/find-upright-face.ts';
import type { Raster } from '../../../src/inference/image/raster.ts';

const PORTRAIT = fileURLToPath(new URL('../../../samples/portrait.jpg', import.meta.url));
const NOSE = 3;

async function toRaster(picture: Sharp): Promise<Raster> {
  const { data, info } = await picture.removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return { bytes: data, widthPx: info.width, heightPx: info.height, channels: 3 };
}

describe('the starters for faces', () => {
  const portrait = sharp(PORTRAIT);
  let models: FaceModels;
  /** Of the face in the portrait. */
  let box: [number, number, number, number];
  let points: Float32Array;

  beforeAll(async () => {
    models = await openFaceModels(await findFaceModels({ cacheDir: '/nonexistent' }), 1);
    points = (await findClearFace(models, await toRaster(portrait.clone())))!.points;
    box = boundsOf(points);
  });

  /** The part of the portrait in which the face takes a share of the height. */
  function closeUp(share: number) {
    const [x1, y1, x2, y2] = box;
    const height = Math.round((y2 - y1) / share);
    const width = Math.round(0.8 * height);
    const left = Math.max(0, Math.round((x1 + x2 - width) / 2));
    const top = Math.max(0, Math.round((y1 + y2 - height) / 2));
    return { left, top, width, height };
  }

  it.each([0.55, 0.7, 0.85, 0.95])('find a face that takes %d of the height', async (share) => {
    const area = closeUp(share);
    const face = await findClearFace(models, await toRaster(portrait.clone().extract(area)));

    expect(face && isClear(face)).toBe(true);
    const off = Math.hypot(
      face!.points[NOSE]! + area.left - points[NOSE]!,
      face!.points[NOSE + 1]! + area.top - points[NOSE + 1]!,
    );
    expect(off / (box[3] - box[1])).toBeLessThan(0.03);
  });

  it.each([
    [0, undefined],
    [90, 270],
    [180, 180],
    [270, 90],
  ])('say how to turn a photo that was rotated by %d degrees', async (degrees, turn) => {
    const picture = await toRaster(portrait.clone().rotate(degrees));
    const found = await findUprightFace(models, picture, { near: undefined, mayTurn: true });

    expect(found?.turn).toBe(turn);
    expect(isClear(found!.face)).toBe(true);
  });

  it('leave a photo as it is if it may not be turned', async () => {
    const picture = await toRaster(portrait.clone().rotate(90));
    expect(await findUprightFace(models, picture, { near: undefined, mayTurn: false })).toBeUndefined();
  });

  it.each([
    ['dark', 0.1, 0],
    ['washed out', 0.15, 180],
  ])('find a face in a photo that is %s', async (_, contrast, brightness) => {
    const face = await findClearFace(models, await toRaster(portrait.clone().linear(contrast, brightness)));
    expect(face && isClear(face)).toBe(true);
  });

  it('find nothing in noise, in no direction', async () => {
    const noise = sharp({
      create: {
        width: 400,
        height: 300,
        channels: 3,
        background: '#808080',
        noise: { type: 'gaussian', mean: 128, sigma: 60 },
      },
    });
    const found = await findUprightFace(models, await toRaster(noise), { near: undefined, mayTurn: true });
    expect(found).toBeUndefined();
  });
});
