import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { boundsOf } from '../../../src/inference/face/face-landmarks.ts';
import { type FacePoints, pointAt } from '../../../src/providers/local/face/face-points.ts';
import { type Pose, REST } from '../../../src/providers/local/motion/pose.ts';
import { type StagedTalk, stageTalk } from '../../../src/providers/local/stage-talk.ts';
import {
  createTalkModels,
  findTalkModels,
  type TalkModels,
} from '../../../src/providers/local/talk-models.ts';
import { needs } from '../../harness/needs.ts';
import { mediaDir, modelsDir } from '../../harness/shared-media.ts';
import { photoRequest } from './talk-files.ts';

const SPEAKING: Partial<Pose> = { jaw: 0.5, wide: 0.1, upperRaise: 0.1, cheeks: 0.3 };
/** Inner edges of both lips, and the outer ones, among the 468 landmarks. */
const BETWEEN = [80, 81, 82, 13, 312, 311, 310];
const BELOW = [88, 178, 87, 14, 317, 402, 318];
const OUTER = [37, 0, 267, 84, 17, 314];
/** Speech moves the mouth, the chin and the cheeks, all below the base of the nose. */
const NOSE_BASE = 2;
/** As a share of the face's width. */
const STEADY = 0.02;

let folder: string;
let models: TalkModels;

needs('MODELS_DIR', 'MEDIA_DIR').describe('frames, with real models and media', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'golden-'));
    models = await createTalkModels(await findTalkModels({ dir: modelsDir, cacheDir: folder }, 1));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const stage = async (name: string, mask?: string) => {
    const request = await photoRequest(folder, join(mediaDir!, 'people', name), '');
    return stageTalk(models, { ...request, ...(mask && { maskPath: mask }) }, 512);
  };

  it('show no teeth between closed lips', async () => {
    const staged = await stage('obama.jpg');
    const open = draw(staged, {});
    const closed = draw(staged, { close: 1, press: 0.7 });

    const { points } = await locate(staged, closed);
    const lips = OUTER.map((index) => luma(closed, staged, pointAt(points, index)));
    const brightest = (picture: Uint32Array, at: FacePoints) =>
      Math.max(
        ...BETWEEN.map((upper, i) => {
          const [a, b] = [pointAt(at, upper), pointAt(at, BELOW[i]!)];
          return luma(picture, staged, { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
        }),
      );
    expect(brightest(closed, points)).toBeLessThanOrEqual(Math.max(...lips) + 4);
    // The same places of the photo hold teeth: the measure can fail.
    expect(brightest(open, staged.points)).toBeGreaterThan(Math.max(...lips) + 40);
  });

  it('do not blink behind sunglasses, and report it', async () => {
    const request = await photoRequest(folder, join(mediaDir!, 'people', 'u2_man.jpg'), '');
    const plain = await stageTalk(models, request, 512);
    const { width = 0, height = 0 } = await sharp(request.portraitPath).metadata();
    const scale = width / plain.frame.widthPx;
    const eyes = [33, 263].map((index) => pointAt(plain.points, index));
    const glass = {
      left: Math.round(scale * (eyes[0]!.x - 8)),
      top: Math.round(scale * (Math.min(eyes[0]!.y, eyes[1]!.y) - 14)),
      width: Math.round(scale * (eyes[1]!.x - eyes[0]!.x + 16)),
      height: Math.round(scale * 28),
    };
    const dark = { create: { ...glass, channels: 3 as const, background: '#101010' } };
    const portraitPath = join(folder, 'sunglasses.png');
    await sharp(request.portraitPath)
      .composite([{ input: await sharp(dark).png().toBuffer(), left: glass.left, top: glass.top }])
      .toFile(portraitPath);
    expect(height).toBeGreaterThan(0);

    const staged = await stageTalk(models, { ...request, portraitPath }, 512);

    expect(staged.warnings).toContainEqual(expect.stringContaining('sunglasses'));
    expect(draw(staged, { blink: 1 })).toEqual(draw(staged, {}));
    expect(plain.warnings).toEqual([]);
    expect(draw(plain, { blink: 1 })).not.toEqual(draw(plain, {}));
  });

  it('keep eyes, brows and nose still while the mouth moves', async () => {
    for (const name of ['u2_man.jpg', 'obama.jpg']) {
      const staged = await stage(name);
      const before = (await locate(staged, draw(staged, {}))).points;
      const after = (await locate(staged, draw(staged, SPEAKING))).points;

      const [left, , right] = boundsOf(before);
      const base = before[3 * NOSE_BASE + 1]!;
      const moved = Array.from({ length: before.length / 3 }, (_, i) => i)
        .filter((index) => before[3 * index + 1]! < base)
        .map((index) => {
          const [a, b] = [pointAt(before, index), pointAt(after, index)];
          return Math.hypot(a.x - b.x, a.y - b.y) / (right - left);
        });
      expect(moved.length, name).toBeGreaterThan(200);
      expect(Math.max(...moved), name).toBeLessThan(STEADY);
    }
  });

  it('leave the background as it is, whatever the person does', async () => {
    const path = join(folder, 'half.png');
    const request = await photoRequest(folder, join(mediaDir!, 'people', 'u2_man.jpg'), '');
    const { width, height } = await sharp(request.maskPath).metadata();
    // The person is the middle half of the photo.
    const half = await sharp({
      create: { width: Math.round(width / 2), height, channels: 3, background: '#ffffff' },
    })
      .extend({
        left: Math.round(width / 4),
        right: width - Math.round(width / 2) - Math.round(width / 4),
        background: '#000000',
      })
      .png()
      .toFile(path);
    expect(half.width).toBe(width);

    const staged = await stage('u2_man.jpg', path);
    const still = draw(staged, {});
    const moving = draw(staged, { ...SPEAKING, yaw: 0.03, pitch: 0.02, roll: -0.02, breath: 1 });

    const { widthPx, heightPx } = staged.frame;
    let most = 0;
    for (let y = 0; y < heightPx; y += 1) {
      for (let x = 0; x < 0.15 * widthPx; x += 1) {
        most = Math.max(most, difference(moving[y * widthPx + x]!, still[y * widthPx + x]!));
      }
    }
    expect(most).toBeLessThanOrEqual(2);
  });
});

function draw({ animator, frame }: StagedTalk, pose: Partial<Pose>): Uint32Array {
  const picture = new Uint32Array(frame.widthPx * frame.heightPx);
  animator.draw({ ...REST, ...pose }, picture);
  return picture;
}

function locate({ frame, points }: StagedTalk, picture: Uint32Array) {
  const bytes = new Uint8Array(picture.buffer).filter((_, i) => i % 4 !== 3);
  return models.landmarker.locate({ ...frame, channels: 3, bytes }, boundsOf(points));
}

function luma(picture: Uint32Array, { frame }: StagedTalk, { x, y }: { x: number; y: number }): number {
  const pixel = picture[Math.round(y) * frame.widthPx + Math.round(x)]!;
  return 0.299 * (pixel & 255) + 0.587 * ((pixel >>> 8) & 255) + 0.114 * ((pixel >>> 16) & 255);
}

function difference(a: number, b: number): number {
  return Math.max(...[0, 8, 16].map((shift) => Math.abs(((a >>> shift) & 255) - ((b >>> shift) & 255))));
}
