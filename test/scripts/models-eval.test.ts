import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { averagePrecision } from '../../scripts/models-eval/average-precision.ts';
import { readPeopleSet } from '../../scripts/models-eval/people-set.ts';
import { portraitCrop } from '../../scripts/models-eval/portrait-crop.ts';
import { sample } from '../../scripts/models-eval/sample.ts';
import { scoreModels } from '../../scripts/models-eval/score-models.ts';
import type { Box } from '../../src/contracts/schemas/job-outcome.ts';
import { needs } from '../harness/needs.ts';
import { mediaDir, modelsDir } from '../harness/shared-media.ts';

const [LEFT, RIGHT, SMALL]: Box[] = [
  [0, 0, 50, 100],
  [60, 0, 110, 100],
  [0, 110, 5, 115],
];
const one = (found: { box: Box; score: number }[], truth: Box[]) =>
  averagePrecision([{ found, truth, ignoredHeightPx: 10 }]);

describe('the average precision', () => {
  it('is 1 if every person is found before any false detection', () => {
    const found = [
      { box: LEFT!, score: 0.9 },
      { box: RIGHT!, score: 0.6 },
      { box: [200, 0, 250, 100] as Box, score: 0.5 },
    ];
    expect(one(found, [LEFT!, RIGHT!])).toBe(1);
  });

  it('falls with a confident false detection, a missed person, and a duplicate', () => {
    const wrong = { box: [200, 0, 250, 100] as Box, score: 0.8 };
    expect(one([wrong, { box: LEFT!, score: 0.7 }], [LEFT!])).toBeCloseTo(0.5);
    expect(one([{ box: LEFT!, score: 0.7 }], [LEFT!, RIGHT!])).toBeCloseTo(0.5);
    const double = [0.9, 0.8].map((score) => ({ box: LEFT!, score }));
    expect(one([...double, { box: RIGHT!, score: 0.7 }], [LEFT!, RIGHT!])).toBeCloseTo(0.5 + 0.5 * (2 / 3));
  });

  it('neither requires nor penalises very small people', () => {
    const found = [
      { box: SMALL!, score: 0.9 },
      { box: [300, 110, 305, 115] as Box, score: 0.8 },
      { box: LEFT!, score: 0.7 },
    ];
    expect(one(found, [LEFT!, SMALL!])).toBe(1);
  });
});

describe('the head-and-shoulder crop', () => {
  const mask = (inside: (x: number, y: number) => boolean) => ({
    bytes: Uint8Array.from({ length: 200 * 300 }, (_, at) =>
      inside(at % 200, Math.floor(at / 200)) ? 255 : 0,
    ),
    widthPx: 200,
    heightPx: 300,
    channels: 1 as const,
  });

  it('is a square around the head, over the upper 40 % of a whole figure', () => {
    const figure = mask((x, y) => y >= 50 && y < 250 && x >= 80 && x < (y < 100 ? 100 : 150));
    expect(portraitCrop(figure)).toEqual({ left: 45, top: 39, width: 89, height: 90 });
  });

  it('stays within the photo, and is undefined without a person', () => {
    const crop = portraitCrop(mask((x, y) => x < 150 && y > 100));
    expect(crop).toMatchObject({ left: 0 });
    expect(crop!.top + crop!.height).toBeLessThanOrEqual(300);
    expect(portraitCrop(mask(() => false))).toBeUndefined();
  });
});

it('cutouts are scored on masks of one person, not of a group', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'people-set-'));
  const masked = { split: 'val', height: 512, has_mask: true };
  await writeFile(
    join(dir, 'annotations.json'),
    JSON.stringify([
      { ...masked, id: 'one', boxes: [LEFT], num_keypoints: 17 },
      { ...masked, id: 'hand', boxes: [LEFT], num_keypoints: 2 },
      { ...masked, id: 'bystanders unknown', boxes: null, main_box: LEFT, num_keypoints: null },
      { ...masked, id: 'group', boxes: [LEFT, RIGHT], num_keypoints: null },
    ]),
  );
  const { withMask } = await readPeopleSet(dir);
  await rm(dir, { recursive: true });
  expect(withMask.map(({ id }) => id)).toEqual(['one', 'bystanders unknown']);
});

it('a sample is spread over all photos, and always the same', () => {
  expect(sample([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 3)).toEqual([0, 3, 6]);
  expect(sample([1, 2], 5)).toEqual([1, 2]);
});

needs('MODELS_DIR', 'MEDIA_DIR').describe('the evaluation of models', () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'people-set-'));
    for (const folder of ['val/images', 'val/masks', 'backgrounds']) {
      await mkdir(join(dir, folder), { recursive: true });
    }
    await copyFile(join(mediaDir!, 'people/obama.jpg'), join(dir, 'val/images/obama.jpg'));
    await sharp(join(mediaDir!, 'no-person/coffee.png')).jpeg().toFile(join(dir, 'backgrounds/coffee.jpg'));
    // The outline of the man, drawn by hand: head, and shoulders that the photo cuts off.
    const outline = Buffer.from(
      '<svg xmlns="http://www.w3.org/2000/svg" width="910" height="1137"><rect width="910" height="1137"/>' +
        '<path fill="#fff" d="M320 330C310 120 370 35 470 35S620 120 610 330L600 470 850 600V1137H60L110 640 350 500Z"/></svg>',
    );
    await sharp(outline).toColourspace('b-w').png().toFile(join(dir, 'val/masks/obama.png'));
    const obama = { id: 'obama', split: 'val', width: 910, height: 1137, has_mask: true };
    await writeFile(
      join(dir, 'annotations.json'),
      JSON.stringify([
        { ...obama, boxes: [[46, 31, 860, 1137]], num_keypoints: 11 },
        { id: 'coffee', split: 'background', width: 600, height: 400, boxes: [], has_mask: false },
      ]),
    );
  });
  afterAll(() => rm(dir, { recursive: true }));

  it('scores the pipeline’s own models with the pipeline’s own code', async () => {
    const { detectors, mattings } = await scoreModels({
      data: dir,
      folders: { dir: modelsDir, cacheDir: '/nonexistent' },
      limit: 4,
    });
    expect(Object.values(detectors)).toEqual([
      expect.objectContaining({ mainPersonFound: 1, mainPersonChosen: 1, ap50: 1, falseAlarms: 0 }),
    ]);
    const [matting] = Object.values(mattings);
    expect(matting).toMatchObject({ crops: 1 });
    expect(matting!.iou).toBeGreaterThan(0.85);
    expect(matting!.mae).toBeLessThan(0.1);
  });
});
