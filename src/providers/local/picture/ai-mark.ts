import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import type { FrameSize } from '../face/framing.ts';

/** "AI-generated" in white with a dark edge. A picture, because fonts differ between machines or are missing. */
const MARK = fileURLToPath(new URL('./ai-mark.png', import.meta.url));
/** As shares of the shorter side of the frame. */
const WIDTH = 0.19;
const MARGIN = 0.015;

/** Position of the mark in the frame, and a function that draws it over packed RGBA. */
export interface AiMark {
  left: number;
  top: number;
  right: number;
  bottom: number;
  draw(pixels: Uint32Array): void;
}

/** In the lower right corner. */
export async function createAiMark({ widthPx, heightPx }: FrameSize): Promise<AiMark> {
  const side = Math.min(widthPx, heightPx);
  const { data, info } = await sharp(MARK)
    .resize({ width: Math.round(WIDTH * side) })
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const left = widthPx - info.width - Math.round(MARGIN * side);
  const top = heightPx - info.height - Math.round(MARGIN * side);
  return {
    left,
    top,
    right: left + info.width,
    bottom: top + info.height,
    draw(pixels) {
      for (let y = 0; y < info.height; y += 1) {
        for (let x = 0; x < info.width; x += 1) {
          const own = 4 * (y * info.width + x);
          const cover = data[own + 3]! / 255;
          if (cover > 0) {
            const at = (top + y) * widthPx + left + x;
            pixels[at] = blend(pixels[at]!, data[own]!, cover);
          }
        }
      }
    },
  };
}

function blend(pixel: number, grey: number, cover: number): number {
  const alpha = pixel >>> 24;
  const covered = alpha + (255 - alpha) * cover;
  // Share of the mark in the resulting colour.
  const share = (255 * cover) / covered;
  const channel = (shift: number) => {
    const behind = (pixel >>> shift) & 255;
    return Math.round(behind + (grey - behind) * share) << shift;
  };
  return (channel(0) | channel(8) | channel(16) | (Math.round(covered) << 24)) >>> 0;
}
