import { describe, expect, it } from 'vitest';
import { frameFace, toFrame } from '../../../src/providers/local/face/framing.ts';
import { seededRandom } from '../../../src/providers/local/motion/seeded-random.ts';
import { createAiMark } from '../../../src/providers/local/picture/ai-mark.ts';
import { cutPerson } from '../../../src/providers/local/picture/cut-person.ts';
import { extendPerson } from '../../../src/providers/local/picture/extend-person.ts';
import { pack } from '../../../src/providers/local/picture/texture.ts';
import { mixPacked, over, samplePacked } from '../../../src/providers/local/warp/sample-texture.ts';

const random = seededRandom('picture');
const byte = () => Math.floor(random() * 256);
const channels = (pixel: number) => [0, 8, 16, 24].map((shift) => (pixel >>> shift) & 255);

describe('cutPerson', () => {
  it('yields a person that restores the portrait over its background, for any mask', () => {
    const size = { widthPx: 64, heightPx: 64 };
    const mask = Uint8Array.from({ length: 4096 }, (_, i) => i & 255);
    const plate = Uint32Array.from({ length: 4096 }, () => pack(byte(), byte(), byte()));
    const portrait = plate.map((behind, i) => {
      const [r, g, b] = channels(behind).map((value) =>
        Math.round((byte() * mask[i]! + value * (255 - mask[i]!)) / 255),
      );
      return pack(r!, g!, b!);
    });

    const person = cutPerson({ ...size, pixels: portrait }, { ...size, pixels: plate }, mask);

    const errors = portrait.map((pixel, i) => {
      const drawn = channels(over(person.pixels[i]!, plate[i]!));
      return Math.max(...channels(pixel).map((value, channel) => Math.abs(value - drawn[channel]!)));
    });
    expect(Math.max(...errors)).toBeLessThanOrEqual(2);
  });
});

describe('packed pixels', () => {
  it('are interpolated channel by channel', () => {
    for (let i = 0; i < 200; i += 1) {
      const pixels = Uint32Array.from({ length: 4 }, () => pack(byte(), byte(), byte(), byte()));
      const [fx, fy] = [byte(), byte()];
      const drawn = channels(samplePacked(pixels, 2, 0, fx, fy));
      const [a, b, c, d] = [...pixels].map(channels) as [number[], number[], number[], number[]];
      drawn.forEach((value, k) => {
        const upper = a[k]! + ((b[k]! - a[k]!) * fx) / 256;
        const lower = c[k]! + ((d[k]! - c[k]!) * fx) / 256;
        expect(Math.abs(value - (upper + ((lower - upper) * fy) / 256))).toBeLessThanOrEqual(1.1);
      });
    }
  });

  it('are exact at both ends of a mix', () => {
    const [a, b] = [pack(1, 128, 255), pack(200, 3, 77)];

    expect(mixPacked(a, b, 256) >>> 0).toBe(a);
    expect(mixPacked(a, b, 0) >>> 0).toBe(b);
  });
});

describe('a frame without a background', () => {
  it('keeps the opacity of the person, and the colour of transparent pixels', () => {
    const under = pack(90, 80, 70, 0);
    expect(channels(over(pack(0, 0, 0, 0), under))).toEqual([90, 80, 70, 0]);
    expect(channels(over(pack(10, 20, 30, 255), under))).toEqual([10, 20, 30, 255]);
    const half = channels(over(pack(100, 100, 100, 128), under));
    expect(half[3]).toBe(128);
    expect(Math.abs(half[0]! - (100 + 90 / 2))).toBeLessThanOrEqual(1);
  });

  it('has the colours of the person in transparent pixels, so that edges show no other colour', () => {
    const size = { widthPx: 60, heightPx: 40 };
    const pixels = Uint32Array.from({ length: 2400 }, (_, i) =>
      i % 60 < 20 ? pack(200, 60, 20) : i % 60 < 22 ? pack(100, 30, 10, 128) : 0,
    );

    const under = extendPerson({ ...size, pixels });

    for (const pixel of under.pixels) {
      expect(channels(pixel)).toEqual([200, 60, 20, 0].map((value) => expect.closeTo(value, -0.4)));
    }
  });

  it('shows the watermark on transparent pixels as on a picture', async () => {
    const size = { widthPx: 512, heightPx: 512 };
    const mark = await createAiMark(size);
    const bare = new Uint32Array(512 * 512).fill(pack(255, 0, 0, 0));
    const full = new Uint32Array(512 * 512).fill(pack(0, 0, 0));
    mark.draw(bare);
    mark.draw(full);

    // White and opaque in places. Over black it equals the same drawing in a black picture.
    expect(bare.some((pixel) => channels(pixel).every((value) => value > 250))).toBe(true);
    const overBlack = bare.map((pixel, i) => {
      const [r, , , alpha] = channels(pixel);
      return Math.abs((r! * alpha!) / 255 - channels(full[i]!)[0]!);
    });
    expect(Math.max(...overBlack.filter((_, i) => bare[i]! >>> 24 > 0))).toBeLessThanOrEqual(1);
  });
});

describe('frameFace', () => {
  const face = Float32Array.of(100, 100, 0, 300, 340, 0);

  it('shows nothing from outside of the photo', () => {
    for (const photo of [
      { widthPx: 400, heightPx: 900 },
      { widthPx: 2000, heightPx: 450 },
      { widthPx: 5000, heightPx: 5000 },
    ]) {
      const { left, top, width, height } = frameFace(face, photo, {
        maxLongSidePx: 720,
        isCutOut: true,
      }).framing;
      expect(Math.min(left, top)).toBeGreaterThanOrEqual(0);
      expect(left + width).toBeLessThanOrEqual(photo.widthPx);
      expect(top + height).toBeLessThanOrEqual(photo.heightPx);
    }
  });

  it("keeps the photo's shape, in even sizes from 512 pixels to the most on the long side", () => {
    for (const [widthPx, heightPx] of [
      [400, 500],
      [910, 1137],
      [4000, 3001],
    ] as const) {
      const { frame, framing } = frameFace(
        face,
        { widthPx, heightPx },
        { maxLongSidePx: 1080, isCutOut: false },
      );
      const longSide = Math.max(frame.widthPx, frame.heightPx);
      expect(frame.widthPx / frame.heightPx).toBeCloseTo(widthPx / heightPx, 2);
      expect(framing.width / framing.height).toBeCloseTo(widthPx / heightPx, 2);
      expect([frame.widthPx % 2, frame.heightPx % 2]).toEqual([0, 0]);
      expect(longSide).toBeGreaterThanOrEqual(512);
      expect(longSide).toBeLessThanOrEqual(1080);
    }
  });

  it('shows the whole photo of a portrait, and the upper part of a person who stands far away', () => {
    const portrait = { widthPx: 700, heightPx: 800 };
    const far = { widthPx: 3000, heightPx: 3000 };

    expect(frameFace(face, portrait, { maxLongSidePx: 720, isCutOut: true }).framing).toMatchObject({
      left: 0,
      top: 0,
      width: 700,
      height: 800,
    });
    expect(frameFace(face, far, { maxLongSidePx: 720, isCutOut: true }).framing.height).toBeLessThan(800);
  });

  it('keeps a distant face complete, slightly above the middle', () => {
    const small = Float32Array.of(1100, 1100, 0, 1300, 1340, 0);
    const { framing, frame } = frameFace(
      small,
      { widthPx: 3000, heightPx: 3000 },
      { maxLongSidePx: 720, isCutOut: true },
    );
    const [, top, , , bottom] = toFrame(small, framing, frame);

    expect((top! + bottom!) / 2 / frame.heightPx).toBeCloseTo(0.42, 2);
    expect((bottom! - top!) / frame.heightPx).toBeCloseTo(1 / 2.8, 2);
  });

  it('centres a person from one side of a wide photo, at least in a square', () => {
    const wide = { widthPx: 1600, heightPx: 800 };
    const at = (middle: number) => Float32Array.of(middle - 100, 200, 0, middle + 100, 440, 0);
    const shown = (middle: number, isCutOut: boolean) =>
      frameFace(at(middle), wide, { maxLongSidePx: 720, isCutOut }).framing;

    expect(shown(600, true)).toMatchObject({ left: 0, width: 1200 });
    expect(shown(1300, true)).toMatchObject({ left: 800, width: 800 });
    expect(shown(1300, false)).toMatchObject({ left: 0, width: 1600 });
    expect(shown(800, true)).toMatchObject({ left: 0, width: 1600 });
  });
});
