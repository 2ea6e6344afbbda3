import type { Sharp } from 'sharp';
import { type ColourGrid, fillHoles } from './fill-holes.ts';
import { sharp } from './image-library.ts';

/** Working size. Such a strong blur leaves no finer detail. */
const LONG_SIDE_PX = 320;
/** At the working size. Looks like a portrait lens wide open. */
const BLUR_SIGMA_PX = 5;
/** Growth of the person's region, so that hair and soft edges do not glow around the head. */
const MARGIN_PX = 5;

/** The photo out of focus and without the person: their region is filled from its surroundings before the blur. */
export async function blurBehindPerson(photoPath: string, cutoutPath: string): Promise<Sharp> {
  const { width, height } = await sharp(photoPath).metadata();
  const scale = Math.min(1, LONG_SIDE_PX / Math.max(width, height));
  const small = {
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
  };
  const resized = { ...small, fit: 'fill' } as const;
  const [rgb, alpha] = await Promise.all([
    sharp(photoPath).resize(resized).removeAlpha().raw().toBuffer(),
    sharp(cutoutPath).extractChannel('alpha').resize(resized).raw().toBuffer(),
  ]);
  const filled = fillHoles(toGrid(rgb, growPerson(alpha, small), small));

  const blurred = await sharp(Buffer.from(Uint8ClampedArray.from(filled)), { raw: { ...small, channels: 3 } })
    .blur(BLUR_SIGMA_PX)
    .raw()
    .toBuffer();
  return sharp(blurred, { raw: { ...small, channels: 3 } }).resize(width, height, {
    fit: 'fill',
    kernel: 'cubic',
  });
}

/** 1 within the margin around the person, first along rows, then along columns. */
function growPerson(alpha: Uint8Array, { width, height }: { width: number; height: number }): Uint8Array {
  const rows = new Uint8Array(width * height);
  const both = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (alpha[y * width + x]! > 8) {
        rows.fill(1, y * width + Math.max(0, x - MARGIN_PX), y * width + Math.min(width, x + MARGIN_PX + 1));
      }
    }
  }
  for (let y = 0; y < height; y++) {
    for (let near = Math.max(0, y - MARGIN_PX); near <= Math.min(height - 1, y + MARGIN_PX); near++) {
      for (let x = 0; x < width; x++) {
        both[y * width + x]! |= rows[near * width + x]!;
      }
    }
  }
  return both;
}

function toGrid(
  rgb: Uint8Array,
  person: Uint8Array,
  { width, height }: { width: number; height: number },
): ColourGrid {
  return {
    width,
    height,
    rgb: Float32Array.from(rgb),
    weight: Float32Array.from(person, (inside) => 1 - inside),
  };
}
