import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Background } from '../../../src/contracts/schemas/job-options.ts';
import { composePortrait } from '../../../src/media/picture/compose-portrait.ts';

const WIDTH = 240;
const HEIGHT = 320;
let folder: string;
const at = (name: string) => join(folder, name);

/** A red person in front of a green wall, cut out by a mask that is a little too small, so a red rim is outside of it. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'compose-'));
  await drawPerson(3).flatten({ background: '#20a040' }).png().toFile(at('photo.png'));
  await drawPerson(0).png().toFile(at('cutout.png'));
  await sharp({ create: { width: 600, height: 200, channels: 3, background: '#ffffff' } })
    .composite([
      {
        input: { create: { width: 150, height: 200, channels: 3, background: '#0000ff' } },
        left: 225,
        top: 0,
      },
    ])
    .png()
    .toFile(at('picture.png'));
});
afterAll(() => rm(folder, { recursive: true }));

/** An opaque head and shoulders on a transparent background. */
function drawPerson(growPx: number) {
  const rgba = Buffer.alloc(WIDTH * HEIGHT * 4);
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const head = Math.hypot(x - 120, y - 110) <= 55 + growPx;
      const shoulders = y >= 170 - growPx && Math.abs(x - 120) <= 80 + growPx;
      if (head || shoulders) {
        rgba.set([0xd0, 0x20, 0x20, 255], (y * WIDTH + x) * 4);
      }
    }
  }
  return sharp(rgba, { raw: { width: WIDTH, height: HEIGHT, channels: 4 } });
}

async function compose(background: Background, backgroundImagePath?: string) {
  await composePortrait({
    photoPath: at('photo.png'),
    cutoutPath: at('cutout.png'),
    background,
    ...(backgroundImagePath && { backgroundImagePath }),
    platePath: at('plate.png'),
    portraitPath: at('portrait.png'),
  });
  return { plate: await readPixels(at('plate.png')), portrait: await readPixels(at('portrait.png')) };
}

async function readPixels(path: string) {
  const { data, info } = await sharp(path).raw().toBuffer({ resolveWithObject: true });
  expect(info).toMatchObject({ width: WIDTH, height: HEIGHT, channels: 3 });
  return {
    data,
    pixel: (x: number, y: number) => [...data.subarray((y * WIDTH + x) * 3, (y * WIDTH + x) * 3 + 3)],
  };
}

const HEAD = [120, 110] as const;
const WALL = [10, 10] as const;

describe('composing a portrait', () => {
  it('leaves the photo as it is on its own background', async () => {
    await compose('original');

    expect(await readFile(at('plate.png'))).toEqual(await readFile(at('photo.png')));
    expect(await readFile(at('portrait.png'))).toEqual(await readFile(at('photo.png')));
  });

  it('puts the person on one colour', async () => {
    const { plate, portrait } = await compose('#3355aa');

    expect(plate.pixel(...HEAD)).toEqual([0x33, 0x55, 0xaa]);
    expect(portrait.pixel(...WALL)).toEqual([0x33, 0x55, 0xaa]);
    expect(portrait.pixel(...HEAD)).toEqual([0xd0, 0x20, 0x20]);
  });

  it('covers the frame with the centre of an image', async () => {
    const { plate, portrait } = await compose('image', at('picture.png'));

    expect(plate.pixel(...WALL)).toEqual([0, 0, 255]);
    expect(plate.pixel(WIDTH - 10, HEIGHT - 10)).toEqual([0, 0, 255]);
    expect(portrait.pixel(...HEAD)).toEqual([0xd0, 0x20, 0x20]);
  });

  it('uses the default grey for a transparent background', async () => {
    const { plate, portrait } = await compose('transparent');

    expect(plate.pixel(...HEAD)).toEqual([0xe8, 0xe8, 0xea]);
    expect(portrait.pixel(...WALL)).toEqual([0xe8, 0xe8, 0xea]);
    expect(portrait.pixel(...HEAD)).toEqual([0xd0, 0x20, 0x20]);
  });

  it('requires an image for an image background', async () => {
    await expect(compose('image')).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('blurs the wall without a halo around the person', async () => {
    const { plate, portrait } = await compose('blur');

    let reddest = 0;
    for (let offset = 0; offset < plate.data.length; offset += 3) {
      reddest = Math.max(reddest, plate.data[offset]!);
    }
    expect(reddest).toBeLessThan(0x20 + 8);
    expect(portrait.pixel(...HEAD)).toEqual([0xd0, 0x20, 0x20]);
  });
});
