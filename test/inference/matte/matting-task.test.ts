import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Box } from '../../../src/contracts/schemas/job-outcome.ts';
import { createTask } from '../../../src/inference/matte/matting-task.ts';
import { findModel } from '../../../src/models/find-model.ts';
import { needs } from '../../harness/needs.ts';
import { mediaDir, modelsDir } from '../../harness/shared-media.ts';

const ZIDANE: Box = [116, 195, 1112, 710];
const ANCELOTTI: Box = [750, 40, 1138, 709];

needs('MODELS_DIR', 'MEDIA_DIR').describe('the removal of a background', () => {
  let matting: Awaited<ReturnType<typeof createTask>>;
  let folder: string;

  beforeAll(async () => {
    const folders = { dir: modelsDir, cacheDir: '/nonexistent' };
    const model = await findModel('background-removal', ['alpha', 'logits'], folders);
    matting = await createTask({ model, threads: 1 });
    folder = await mkdtemp(join(tmpdir(), 'matting-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function remove(file: string, person: Box, others: Box[] = []) {
    const [maskPath, cutoutPath] = [join(folder, 'mask.png'), join(folder, 'cutout.png')];
    const imagePath = join(mediaDir as string, 'people', file);
    const input = { imagePath, person, others, applySmoothing: true, maskPath, cutoutPath };
    const result = await matting.run(input, () => {});
    const mask = await sharp(maskPath).toColourspace('b-w').raw().toBuffer({ resolveWithObject: true });
    const cutout = await sharp(cutoutPath).raw().toBuffer({ resolveWithObject: true });
    const maskAt = (x: number, y: number) => mask.data[y * mask.info.width + x];
    return { ...result, mask, cutout, maskAt };
  }

  it('passes its self-test: the drawn person is opaque, the wall behind is not', async () => {
    const facts = await matting.selfTest();
    expect(facts.selfTestChest).toBeGreaterThan(128);
    expect(facts.selfTestWall).toBeLessThan(128);
  });

  it('writes a greyscale mask and a cutout with alpha, both as large as the photo', async () => {
    const { mask, cutout, maskAt, coverage } = await remove('obama.jpg', [46, 31, 860, 1137]);
    await expect(sharp(join(folder, 'mask.png')).metadata()).resolves.toMatchObject({
      width: 910,
      height: 1137,
      channels: 1,
      depth: 'uchar',
    });
    expect(cutout.info).toMatchObject({ width: 910, height: 1137, channels: 4 });
    expect([maskAt(460, 250), maskAt(450, 900), maskAt(20, 20), maskAt(890, 30)]).toEqual([255, 255, 0, 0]);
    expect(coverage).toBeGreaterThan(0.45);
    expect(coverage).toBeLessThan(0.65);
    for (let pixel = 0; pixel < mask.data.length; pixel += 1) {
      if (cutout.data[4 * pixel + 3] !== mask.data[pixel]) {
        expect.fail(`Alpha and mask differ at pixel ${pixel}`);
      }
    }
  });

  it.each([
    ['Zidane', ZIDANE, ANCELOTTI, [255, 0]],
    ['Ancelotti', ANCELOTTI, ZIDANE, [0, 255]],
  ] as const)('keeps %s only, of two who overlap', async (_, person, other, expected) => {
    const { maskAt } = await remove('zidane.jpg', person, [other]);
    const [zidanesFace, ancelottisFace] = [maskAt(570, 250), maskAt(980, 110)];
    expect([zidanesFace, ancelottisFace]).toEqual(expected);
    expect(maskAt(300, 60)).toBe(0);
  });

  it('accepts boxes with fractions of pixels and beyond the photo', async () => {
    const { mask } = await remove('u2_smile.jpg', [78.4, -3, 530.2, 420]);
    expect(mask.info).toMatchObject({ width: 615, height: 409 });
  });

  it('rejects a photo without a person, and writes nothing', async () => {
    await rm(join(folder, 'mask.png'), { force: true });
    await rm(join(folder, 'cutout.png'), { force: true });
    await expect(remove('rembg_girl-3.jpg', [20, 20, 200, 300])).rejects.toMatchObject({
      code: 'PERSON_NOT_FOUND',
      message: expect.stringContaining('A person was detected, but'),
    });
    expect(await readdir(folder)).toEqual([]);
  });
});
