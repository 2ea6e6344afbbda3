import { fillHoles } from '../../../media/picture/fill-holes.ts';
import { pack, type Texture } from './texture.ts';

/** Pixels per cell and side: the extended colours are smooth. */
const COARSE = 4;

/**
 * Fills the transparent part of a frame with the colours of the person, continued to all sides, with an alpha of 0.
 * Players and chroma subsampling mix these colours into the person's edge, so other colours would show as a fringe.
 */
export function extendPerson({ widthPx, heightPx, pixels }: Texture): Texture {
  const width = Math.ceil(widthPx / COARSE);
  const height = Math.ceil(heightPx / COARSE);
  const cellOf = (at: number) =>
    Math.floor(Math.floor(at / widthPx) / COARSE) * width + Math.floor((at % widthPx) / COARSE);
  const sums = new Float32Array(3 * width * height);
  const alphas = new Float32Array(width * height);
  for (let at = 0; at < pixels.length; at += 1) {
    const cell = cellOf(at);
    alphas[cell]! += pixels[at]! >>> 24;
    for (let channel = 0; channel < 3; channel += 1) {
      sums[3 * cell + channel]! += (pixels[at]! >>> (8 * channel)) & 255;
    }
  }
  const filled = fillHoles({
    width,
    height,
    rgb: sums.map((sum, i) => (255 * sum) / Math.max(1, alphas[Math.floor(i / 3)]!)),
    weight: alphas.map((alpha) => alpha / (255 * COARSE * COARSE)),
  });
  const under = pixels.map((_, at) => {
    const cell = cellOf(at);
    const channel = (k: number) => Math.min(255, Math.round(filled[3 * cell + k]!));
    return pack(channel(0), channel(1), channel(2), 0);
  });
  return { widthPx, heightPx, pixels: under };
}
