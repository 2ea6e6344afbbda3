import { clamp } from '../../clamp.ts';
import type { Box } from '../../contracts/schemas/job-outcome.ts';
import type { CropArea } from '../image/raster.ts';
import { type LocalColours, toForeground } from './foreground.ts';
import { GRID_PX } from './mask-grid.ts';

interface Cutout {
  /** One channel, in the size of the photo. */
  mask: Uint8Array;
  /** RGBA, in the size of the photo. Black if alpha is 0. */
  rgba: Uint8Array;
  /** Share of the photo that the person covers, 0 to 1. */
  coverage: number;
}

/** The person's box with a margin for hair, hands and context for the model, clipped to the photo. */
export function cropAround([x1, y1, x2, y2]: Box, widthPx: number, heightPx: number): CropArea {
  const margin = 0.1 * Math.max(x2 - x1, y2 - y1);
  const left = Math.max(0, Math.floor(x1 - margin));
  const top = Math.max(0, Math.floor(y1 - margin));
  return {
    left,
    top,
    width: Math.min(widthPx, Math.ceil(x2 + margin)) - left,
    height: Math.min(heightPx, Math.ceil(y2 + margin)) - top,
  };
}

/**
 * Places the crop's alpha and colours on an empty canvas, and removes the background's colour from translucent pixels.
 */
export function cutOut(
  rgb: Uint8Array,
  alpha: Uint8Array,
  colours: LocalColours,
  area: CropArea,
  photo: { widthPx: number; heightPx: number },
): Cutout {
  const mask = new Uint8Array(photo.widthPx * photo.heightPx);
  const rgba = new Uint8Array(photo.widthPx * photo.heightPx * 4);
  const across = gridPlaces(area.width, 3);
  const down = gridPlaces(area.height, 3 * GRID_PX);
  let covered = 0;
  for (let y = 0; y < area.height; y += 1) {
    const row = (area.top + y) * photo.widthPx + area.left;
    for (let x = 0, source = y * area.width; x < area.width; x += 1, source += 1) {
      const opacity = alpha[source]!;
      if (opacity === 0) {
        continue;
      }
      const target = row + x;
      covered += opacity;
      mask[target] = opacity;
      rgba[4 * target + 3] = opacity;
      if (opacity === 255) {
        rgba[4 * target] = rgb[3 * source]!;
        rgba[4 * target + 1] = rgb[3 * source + 1]!;
        rgba[4 * target + 2] = rgb[3 * source + 2]!;
      } else {
        const upper = down.first[y]! + across.first[x]!;
        const lower = down.second[y]! + across.first[x]!;
        const toRight = across.second[x]! - across.first[x]!;
        const dx = across.weight[x]!;
        const dy = down.weight[y]!;
        for (let channel = 0; channel < 3; channel += 1) {
          const person = sample(colours.person, upper + channel, lower + channel, toRight, dx, dy);
          const background = sample(colours.background, upper + channel, lower + channel, toRight, dx, dy);
          const seen = rgb[3 * source + channel]!;
          rgba[4 * target + channel] = toForeground(seen, opacity / 255, person, background);
        }
      }
    }
  }
  return { mask, rgba, coverage: covered / 255 / mask.length };
}

/** For each pixel along a side of the crop: the two grid pixels around it, and the weight of the second. */
interface GridPlaces {
  first: Int32Array;
  second: Int32Array;
  weight: Float32Array;
}

/** @param step offset from one grid pixel to the next */
function gridPlaces(sidePx: number, step: number): GridPlaces {
  const places = {
    first: new Int32Array(sidePx),
    second: new Int32Array(sidePx),
    weight: new Float32Array(sidePx),
  };
  for (let at = 0; at < sidePx; at += 1) {
    const place = clamp(((at + 0.5) * GRID_PX) / sidePx - 0.5, 0, GRID_PX - 1);
    const before = Math.floor(place);
    places.first[at] = before * step;
    places.second[at] = Math.min(before + 1, GRID_PX - 1) * step;
    places.weight[at] = place - before;
  }
  return places;
}

/** Bilinear, between the values at `upper` and `lower` and those to the right of them. */
function sample(
  grid: Float32Array,
  upper: number,
  lower: number,
  toRight: number,
  dx: number,
  dy: number,
): number {
  const above = grid[upper]! + (grid[upper + toRight]! - grid[upper]!) * dx;
  const below = grid[lower]! + (grid[lower + toRight]! - grid[lower]!) * dx;
  return above + (below - above) * dy;
}
