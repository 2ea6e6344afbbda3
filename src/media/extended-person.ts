import type { Sharp } from 'sharp';
import { fillHoles } from './fill-holes.ts';
import { sharp } from './image-library.ts';

/** Where nothing of the person is near, colours are smooth: they need no more pixels than these. */
const LONG_SIDE_PX = 320;

/**
 * The person's colours continued to all sides: what lies under the transparent part of a picture. Players, and the
 * halved resolution of colour in a video, mix it into the person's edge, where it must not be seen.
 */
export async function extendPerson(cutoutPath: string): Promise<Sharp> {
  const { width, height } = await sharp(cutoutPath).metadata();
  const { data, info } = await sharp(cutoutPath)
    .resize({ width: LONG_SIDE_PX, height: LONG_SIDE_PX, fit: 'inside', withoutEnlargement: true })
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const small = { width: info.width, height: info.height };
  const pixels = small.width * small.height;
  const filled = fillHoles({
    ...small,
    rgb: Float32Array.from({ length: 3 * pixels }, (_, i) => data[4 * Math.floor(i / 3) + (i % 3)]!),
    weight: Float32Array.from({ length: pixels }, (_, i) => data[4 * i + 3]! / 255),
  });
  return sharp(Buffer.from(Uint8ClampedArray.from(filled)), { raw: { ...small, channels: 3 } }).resize(
    width,
    height,
    { fit: 'fill', kernel: 'cubic' },
  );
}
