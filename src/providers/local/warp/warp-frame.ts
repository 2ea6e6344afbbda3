import type { Texture } from '../picture/texture.ts';
import type { VectorField } from './head-fields.ts';
import { over, samplePacked } from './sample-texture.ts';
import { CELL, type WarpGrid } from './warp-grid.ts';

/** How far, in cells, the person may move into cells where the portrait has none of them. */
const REACH = 4;

/**
 * Draws the person over the plate. The source is interpolated inside cells; cells that the person cannot reach keep the
 * plate, which is copied whole before.
 */
export function createFrameWarp(
  { still, moving }: { still: Texture; moving: Texture },
  plate: Texture,
  grid: WarpGrid,
) {
  const { widthPx, heightPx } = still;
  const live = liveCells(still, grid);
  const maxX = (widthPx - 1.01) * 256;
  const maxY = (heightPx - 1.01) * 256;

  function warpCell(source: VectorField, node: number, left: number, top: number, out: Uint32Array): void {
    const below = node + grid.columns;
    const right = Math.min(left + CELL, widthPx);
    const bottom = Math.min(top + CELL, heightPx);
    const [x00, x01, x10, x11] = [
      source.x[node]!,
      source.x[node + 1]!,
      source.x[below]!,
      source.x[below + 1]!,
    ];
    const [y00, y01, y10, y11] = [
      source.y[node]!,
      source.y[node + 1]!,
      source.y[below]!,
      source.y[below + 1]!,
    ];
    for (let y = top; y < bottom; y += 1) {
      const t = (y - top) / CELL;
      const startX = x00 + (x10 - x00) * t;
      const startY = y00 + (y10 - y00) * t;
      const endX = x01 + (x11 - x01) * t;
      const endY = y01 + (y11 - y01) * t;
      // In 256ths of a pixel from here on.
      let sx = startX * 256 + 0.5;
      let sy = startY * 256 + 0.5;
      const stepX = ((endX - startX) * 256) / CELL;
      const stepY = ((endY - startY) * 256) / CELL;
      for (let x = left; x < right; x += 1) {
        const fixedX = sx < 0 ? 0 : sx > maxX ? maxX | 0 : sx | 0;
        const fixedY = sy < 0 ? 0 : sy > maxY ? maxY | 0 : sy | 0;
        const at = (fixedY >> 8) * widthPx + (fixedX >> 8);
        const pixel = samplePacked(moving.pixels, widthPx, at, fixedX & 255, fixedY & 255);
        const target = y * widthPx + x;
        out[target] = over(pixel, plate.pixels[target]!);
        sx += stepX;
        sy += stepY;
      }
    }
  }

  /** A cell whose corners stay where they are shows the portrait. */
  function copyCell(left: number, top: number, out: Uint32Array): void {
    const right = Math.min(left + CELL, widthPx);
    for (let y = top; y < Math.min(top + CELL, heightPx); y += 1) {
      for (let at = y * widthPx + left; at < y * widthPx + right; at += 1) {
        out[at] = over(still.pixels[at]!, plate.pixels[at]!);
      }
    }
  }

  return (source: VectorField, out: Uint32Array): void => {
    out.set(plate.pixels);
    for (let row = 0; row < grid.rows - 1; row += 1) {
      for (let column = 0; column < grid.columns - 1; column += 1) {
        const node = row * grid.columns + column;
        if (live[node] === 0) {
          continue;
        }
        const [left, top] = [column * CELL, row * CELL];
        if (isStill(source, node, left, top, grid.columns)) {
          copyCell(left, top, out);
        } else {
          warpCell(source, node, left, top, out);
        }
      }
    }
  };
}

function isStill({ x, y }: VectorField, node: number, left: number, top: number, columns: number): boolean {
  const below = node + columns;
  return (
    x[node] === left &&
    x[below] === left &&
    x[node + 1] === left + CELL &&
    x[below + 1] === left + CELL &&
    y[node] === top &&
    y[node + 1] === top &&
    y[below] === top + CELL &&
    y[below + 1] === top + CELL
  );
}

/** 1 for cells within reach of the person. */
function liveCells({ widthPx, heightPx, pixels }: Texture, { columns, rows }: WarpGrid): Uint8Array {
  const own = new Uint8Array(columns * rows);
  for (let y = 0; y < heightPx; y += 1) {
    for (let x = 0; x < widthPx; x += 1) {
      if (pixels[y * widthPx + x]! >>> 24 > 0) {
        own[Math.floor(y / CELL) * columns + Math.floor(x / CELL)] = 1;
      }
    }
  }
  const grown = (cells: Uint8Array, step: number) =>
    cells.map((_, cell) => {
      for (let k = -REACH; k <= REACH; k += 1) {
        if (cells[cell + k * step]) {
          return 1;
        }
      }
      return 0;
    });
  return grown(grown(own, 1), columns);
}
