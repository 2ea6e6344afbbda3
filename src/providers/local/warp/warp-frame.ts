import type { PixelBox } from '../../../media/encode/i420.ts';
import type { Texture } from '../picture/texture.ts';
import type { VectorField } from './head-fields.ts';
import { HALF, over, PAIR } from './sample-texture.ts';
import type { WarpGrid } from './warp-grid.ts';

const OPAQUE = 0xff000000 | 0;
/** How far the person may move beyond their cells in the portrait, in cells. */
const REACH = 4;

/**
 * Draws the person over the plate. Interpolates the source inside cells. First copies the whole plate, which stays in
 * cells that the person cannot reach.
 */
export function createFrameWarp(
  { still, moving }: { still: Texture; moving: Texture },
  plate: Texture,
  grid: WarpGrid,
) {
  const { widthPx, heightPx } = still;
  const { cell } = grid;
  const live = liveCells(still, grid);
  const maxX = Math.floor((widthPx - 1.01) * 256);
  const maxY = Math.floor((heightPx - 1.01) * 256);

  // Signed views: see `sample-texture.ts`. Sampling is inlined, because this loop takes half of the renderer's time.
  const from = new Int32Array(moving.pixels.buffer, moving.pixels.byteOffset, moving.pixels.length);
  const behind = new Int32Array(plate.pixels.buffer, plate.pixels.byteOffset, plate.pixels.length);
  const resting = new Int32Array(still.pixels.buffer, still.pixels.byteOffset, still.pixels.length);

  function warpCell({ x, y }: VectorField, node: number, left: number, top: number, out: Int32Array): void {
    const below = node + grid.columns;
    const right = Math.min(left + cell, widthPx);
    const bottom = Math.min(top + cell, heightPx);
    // In 1/256 of a pixel.
    const scale = 256 / cell;
    const stepLeftX = (x[below]! - x[node]!) * scale;
    const stepLeftY = (y[below]! - y[node]!) * scale;
    const stepRightX = (x[below + 1]! - x[node + 1]!) * scale;
    const stepRightY = (y[below + 1]! - y[node + 1]!) * scale;
    let startX = x[node]! * 256 + 0.5;
    let startY = y[node]! * 256 + 0.5;
    let endX = x[node + 1]! * 256 + 0.5;
    let endY = y[node + 1]! * 256 + 0.5;
    for (let row = top; row < bottom; row += 1) {
      let sx = startX;
      let sy = startY;
      const stepX = (endX - startX) / cell;
      const stepY = (endY - startY) / cell;
      const last = row * widthPx + right;
      for (let target = row * widthPx + left; target < last; target += 1) {
        const fixedX = sx < 0 ? 0 : sx > maxX ? maxX : sx | 0;
        const fixedY = sy < 0 ? 0 : sy > maxY ? maxY : sy | 0;
        const at = (fixedY >> 8) * widthPx + (fixedX >> 8);
        const fx = fixedX & 255;
        const fy = fixedY & 255;
        // Weights of the four pixels, with the sum 256.
        const ofD = (Math.imul(fx, fy) + 128) >> 8;
        const ofC = fy - ofD;
        const ofB = fx - ofD;
        const ofA = 256 - fx - ofC;
        const a = from[at]!;
        const b = from[at + 1]!;
        const c = from[at + widthPx]!;
        const d = from[at + widthPx + 1]!;
        const even =
          ((Math.imul(a & PAIR, ofA) +
            Math.imul(b & PAIR, ofB) +
            Math.imul(c & PAIR, ofC) +
            Math.imul(d & PAIR, ofD) +
            HALF) >>>
            8) &
          PAIR;
        const odd =
          ((Math.imul((a >>> 8) & PAIR, ofA) +
            Math.imul((b >>> 8) & PAIR, ofB) +
            Math.imul((c >>> 8) & PAIR, ofC) +
            Math.imul((d >>> 8) & PAIR, ofD) +
            HALF) >>>
            8) &
          PAIR;
        const pixel = even | (odd << 8);
        out[target] = (pixel & OPAQUE) === OPAQUE ? pixel : over(pixel, behind[target]!);
        sx += stepX;
        sy += stepY;
      }
      startX += stepLeftX;
      startY += stepLeftY;
      endX += stepRightX;
      endY += stepRightY;
    }
  }

  /** A cell whose corners do not move shows the portrait. */
  function copyCell(left: number, top: number, out: Int32Array): void {
    const right = Math.min(left + cell, widthPx);
    for (let y = top; y < Math.min(top + cell, heightPx); y += 1) {
      for (let at = y * widthPx + left; at < y * widthPx + right; at += 1) {
        out[at] = over(resting[at]!, behind[at]!);
      }
    }
  }

  function draw(source: VectorField, picture: Uint32Array): void {
    picture.set(plate.pixels);
    const out = new Int32Array(picture.buffer, picture.byteOffset, picture.length);
    for (let row = 0; row < grid.rows - 1; row += 1) {
      for (let column = 0; column < grid.columns - 1; column += 1) {
        const node = row * grid.columns + column;
        if (live[node] === 0) {
          continue;
        }
        const [left, top] = [column * cell, row * cell];
        if (isStill(source, node, left, top, grid)) {
          copyCell(left, top, out);
        } else {
          warpCell(source, node, left, top, out);
        }
      }
    }
  }
  return Object.assign(draw, { reach: reachOf(live, grid, still) });
}

/** The pixels of all live cells. */
function reachOf(live: Uint8Array, { cell, columns }: WarpGrid, { widthPx, heightPx }: Texture): PixelBox {
  const box = { left: widthPx, top: heightPx, right: 0, bottom: 0 };
  for (let node = 0; node < live.length; node += 1) {
    if (live[node] === 1) {
      const [left, top] = [(node % columns) * cell, Math.floor(node / columns) * cell];
      box.left = Math.min(box.left, left);
      box.top = Math.min(box.top, top);
      box.right = Math.min(widthPx, Math.max(box.right, left + cell));
      box.bottom = Math.min(heightPx, Math.max(box.bottom, top + cell));
    }
  }
  return box;
}

function isStill(
  { x, y }: VectorField,
  node: number,
  left: number,
  top: number,
  { cell, columns }: WarpGrid,
): boolean {
  const below = node + columns;
  return (
    x[node] === left &&
    x[below] === left &&
    x[node + 1] === left + cell &&
    x[below + 1] === left + cell &&
    y[node] === top &&
    y[node + 1] === top &&
    y[below] === top + cell &&
    y[below + 1] === top + cell
  );
}

/** 1 for cells within reach of the person. */
function liveCells({ widthPx, heightPx, pixels }: Texture, { cell, columns, rows }: WarpGrid): Uint8Array {
  const own = new Uint8Array(columns * rows);
  for (let y = 0; y < heightPx; y += 1) {
    for (let x = 0; x < widthPx; x += 1) {
      if (pixels[y * widthPx + x]! >>> 24 > 0) {
        own[Math.floor(y / cell) * columns + Math.floor(x / cell)] = 1;
      }
    }
  }
  const grown = (cells: Uint8Array, step: number) =>
    cells.map((_, node) => {
      for (let k = -REACH; k <= REACH; k += 1) {
        if (cells[node + k * step]) {
          return 1;
        }
      }
      return 0;
    });
  return grown(grown(own, 1), columns);
}
