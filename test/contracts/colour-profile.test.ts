import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { isSrgbProfile } from '../../src/contracts/colour-profile.ts';

async function profileOf(name: 'srgb' | 'p3'): Promise<Buffer> {
  const red = { create: { width: 8, height: 8, channels: 3, background: '#f00' } } as const;
  const { icc } = await sharp(await sharp(red).jpeg().withIccProfile(name).toBuffer()).metadata();
  return icc!;
}

/** A profile of version 2, which names itself in ASCII as cameras and Photoshop write it. */
function namedInAscii(name: string): Buffer {
  const icc = Buffer.alloc(200);
  icc.writeUInt32BE(1, 128);
  icc.write('desc', 132, 'latin1');
  icc.writeUInt32BE(144, 136);
  icc.writeUInt32BE(56, 140);
  icc.write('desc', 144, 'latin1');
  icc.writeUInt32BE(name.length + 1, 152);
  icc.write(name, 156, 'latin1');
  return icc;
}

describe('a colour profile of sRGB', () => {
  it('is recognised by its name in every version of the format', async () => {
    expect(isSrgbProfile(await profileOf('srgb'))).toBe(true);
    expect(isSrgbProfile(namedInAscii('sRGB IEC61966-2.1'))).toBe(true);
  });

  it('is not that of another space, a missing or a truncated one', async () => {
    expect(isSrgbProfile(await profileOf('p3'))).toBe(false);
    expect(isSrgbProfile(namedInAscii('sRGB, linear'))).toBe(false);
    expect(isSrgbProfile(undefined)).toBe(false);
    for (const length of [0, 100, 130, 140, 155]) {
      expect(isSrgbProfile(namedInAscii('sRGB').subarray(0, length))).toBe(false);
    }
  });
});
