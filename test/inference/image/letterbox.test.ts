import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { letterbox } from '../../../src/inference/image/letterbox.ts';

const to = { widthPx: 64, heightPx: 64, fit: 'letterbox', pad: 114 } as const;

function red(width: number, height: number, channels: 3 | 4 = 3) {
  const background = { r: 255, g: 0, b: 0, alpha: 1 };
  return sharp({ create: { width, height, channels, background } }).png().toBuffer();
}

describe('a letterbox', () => {
  it('centres the whole picture on grey', async () => {
    const { rgb, widthPx, heightPx } = await letterbox(await red(200, 100), to);
    const at = (x: number, y: number) => [...rgb.subarray(3 * (64 * y + x), 3 * (64 * y + x) + 3)];
    expect([widthPx, heightPx, rgb.length]).toEqual([200, 100, 3 * 64 * 64]);
    expect(at(32, 15)).toEqual([114, 114, 114]);
    expect(at(32, 16)).toEqual([255, 0, 0]);
    expect(at(32, 47)).toEqual([255, 0, 0]);
    expect(at(32, 48)).toEqual([114, 114, 114]);
  });

  it.each([
    [200, 100],
    [99, 333],
    [20, 10],
    [1, 500],
  ])('takes boxes back to a picture of %d x %d, clipped to it', async (width, height) => {
    const { toPicture } = await letterbox(await red(width, height), to);
    const [x1, y1, x2, y2] = toPicture([-5, -5, 70, 70]);
    expect([x1, y1, x2, y2]).toEqual([0, 0, width, height]);
    const [left, top, right, bottom] = toPicture([32, 32, 32, 32]);
    const halfPixelOfModelPx = Math.max(width, height) / 64 / 2;
    expect(Math.abs(left - width / 2)).toBeLessThan(halfPixelOfModelPx + 0.1);
    expect(Math.abs(top - height / 2)).toBeLessThan(halfPixelOfModelPx + 0.1);
    expect([right, bottom]).toEqual([left, top]);
  });

  it('is not used for models with stretched input', async () => {
    const { rgb, toPicture } = await letterbox(await red(200, 100), { ...to, fit: 'stretch' });
    expect([...rgb.subarray(0, 3)]).toEqual([255, 0, 0]);
    expect(toPicture([16, 16, 32, 64])).toEqual([50, 25, 100, 100]);
  });

  it('accepts transparent and greyscale pictures', async () => {
    const grey = await sharp(await red(40, 40))
      .greyscale()
      .png()
      .toBuffer();
    expect((await letterbox(await red(40, 40, 4), to)).rgb).toHaveLength(3 * 64 * 64);
    expect((await letterbox(grey, to)).rgb).toHaveLength(3 * 64 * 64);
  });
});
