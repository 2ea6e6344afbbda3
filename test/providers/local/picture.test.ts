import { describe, expect, it } from 'vitest';
import { frameFace, toFrame } from '../../../src/providers/local/face/framing.ts';
import { seededRandom } from '../../../src/providers/local/motion/seeded-random.ts';
import { cutPerson } from '../../../src/providers/local/picture/cut-person.ts';
import { pack } from '../../../src/providers/local/picture/texture.ts';
import { mixPacked, over, samplePacked } from '../../../src/providers/local/warp/sample-texture.ts';

const random = seededRandom('picture');
const byte = () => Math.floor(random() * 256);
const channels = (pixel: number) => [0, 8, 16, 24].map((shift) => (pixel >>> shift) & 255);

describe('cutPerson', () => {
  it('gives a person that over the plate is the portrait again, whatever the mask', () => {
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

    expect(mixPacked(a, b, 256)).toBe(a);
    expect(mixPacked(a, b, 0)).toBe(b);
  });
});

describe('frameFace', () => {
  const face = Float32Array.of(100, 100, 0, 300, 340, 0);
  const frame = { widthPx: 512, heightPx: 512 };

  it('shows nothing from outside of the photo', () => {
    for (const photo of [
      { widthPx: 400, heightPx: 900 },
      { widthPx: 2000, heightPx: 450 },
      { widthPx: 5000, heightPx: 5000 },
    ]) {
      const { left, top, width, height } = frameFace(face, photo, frame);
      expect(Math.min(left, top)).toBeGreaterThanOrEqual(0);
      expect(left + width).toBeLessThanOrEqual(photo.widthPx);
      expect(top + height).toBeLessThanOrEqual(photo.heightPx);
      expect(width).toBe(height);
    }
  });

  it('keeps the shape of a frame that is not square', () => {
    const { width, height } = frameFace(
      face,
      { widthPx: 4000, heightPx: 4000 },
      { widthPx: 720, heightPx: 1280 },
    );

    expect(width / height).toBeCloseTo(720 / 1280, 2);
  });

  it('leaves the face whole, a little above the middle', () => {
    const photo = { widthPx: 3000, heightPx: 3000 };
    const framing = frameFace(Float32Array.of(1100, 1100, 0, 1300, 1340, 0), photo, frame);
    const [, top, , , bottom] = toFrame(Float32Array.of(1100, 1100, 0, 1300, 1340, 0), framing, frame);

    expect((top! + bottom!) / 2 / 512).toBeCloseTo(0.44, 2);
    expect((bottom! - top!) / 512).toBeCloseTo(1 / 2.4, 2);
  });
});
