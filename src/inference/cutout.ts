import type { Box } from '../contracts/job.ts';
import { type LocalColours, toForeground } from './foreground.ts';
import { GRID_PX } from './mask-grid.ts';
import type { CropArea } from './open-image.ts';

export interface Cutout {
  /** One channel of the size of the photo. */
  mask: Uint8Array;
  /** RGBA of the size of the photo; black where alpha is 0. */
  rgba: Uint8Array;
  /** Share of the photo that is the person, 0 to 1. */
  coverage: number;
}

/** The person's box with a margin for hair, hands and the model's sense of surroundings, within the photo. */
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

/** Lays the crop's alpha and colours on an empty canvas. The background's colour is taken out of half-covered pixels. */
export function cutOut(
  rgb: Uint8Array,
  alpha: Uint8Array,
  colours: LocalColours,
  area: CropArea,
  photo: { widthPx: number; heightPx: number },
): Cutout {
  const mask = new Uint8Array(photo.widthPx * photo.heightPx);
  const rgba = new Uint8Array(photo.widthPx * photo.heightPx * 4);
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
        const at = toGrid(x, y, area);
        for (let channel = 0; channel < 3; channel += 1) {
          rgba[4 * target + channel] = toForeground(
            rgb[3 * source + channel]!,
            opacity / 255,
            sample(colours.person, at, channel),
            sample(colours.background, at, channel),
          );
        }
      }
    }
  }
  return { mask, rgba, coverage: covered / 255 / mask.length };
}

/** Where to sample the grid between its pixels: the first of four neighbours, and how far beyond it. */
interface GridPlace {
  first: number;
  right: number;
  down: number;
  dx: number;
  dy: number;
}

function toGrid(x: number, y: number, { width, height }: CropArea): GridPlace {
  const gridX = clampToGrid(((x + 0.5) * GRID_PX) / width - 0.5);
  const gridY = clampToGrid(((y + 0.5) * GRID_PX) / height - 0.5);
  const [left, top] = [Math.floor(gridX), Math.floor(gridY)];
  return {
    first: top * GRID_PX + left,
    right: left < GRID_PX - 1 ? 1 : 0,
    down: top < GRID_PX - 1 ? GRID_PX : 0,
    dx: gridX - left,
    dy: gridY - top,
  };
}

function clampToGrid(value: number): number {
  return Math.min(Math.max(value, 0), GRID_PX - 1);
}

function sample(grid: Float32Array, { first, right, down, dx, dy }: GridPlace, channel: number): number {
  const value = (pixel: number) => grid[3 * pixel + channel]!;
  const upper = value(first) * (1 - dx) + value(first + right) * dx;
  const lower = value(first + down) * (1 - dx) + value(first + down + right) * dx;
  return upper * (1 - dy) + lower * dy;
}
