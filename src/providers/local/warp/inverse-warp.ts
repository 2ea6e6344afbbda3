import type { MouthFrame } from '../mouth/mouth-frame.ts';
import type { Displacements } from './displacements.ts';
import type { VectorField } from './head-fields.ts';
import { belowShare, type MovedLips } from './moved-lips.ts';
import { CELL, type Field, fieldAt, type NodeBox, type WarpGrid } from './warp-grid.ts';

/** The head's fields are smooth and small: the second round changes them by thousandths of a pixel. */
const HEAD_ROUNDS = 2;
/** The mouth's are steep, but each node starts from what its neighbour found. */
const MOUTH_ROUNDS = 4;

/**
 * For every node of the frame that is made, where in the portrait it comes from: the forward displacements inverted by
 * fixed-point iteration q <- p - D(q).
 */
export function createInverseWarp(frame: MouthFrame, mouthBox: NodeBox, grid: WarpGrid) {
  const source: VectorField = {
    x: new Float32Array(grid.columns * grid.rows),
    y: new Float32Array(grid.columns * grid.rows),
  };
  const { origin, across, down, chin } = frame;
  const determinant = across.x * down.y - across.y * down.x;

  function invertHead({ head }: Displacements): void {
    for (let row = 0; row < grid.rows; row += 1) {
      const besideMouth = row >= mouthBox.top && row < mouthBox.bottom;
      for (let column = 0; column < grid.columns; column += 1) {
        if (besideMouth && column === mouthBox.left) {
          column = mouthBox.right;
        }
        const node = row * grid.columns + column;
        const px = column * CELL;
        const py = row * CELL;
        let x = px - head.x[node]!;
        let y = py - head.y[node]!;
        for (let round = 1; round < HEAD_ROUNDS; round += 1) {
          const dx = fieldAt(head.x, grid, x, y);
          y = py - fieldAt(head.y, grid, x, y);
          x = px - dx;
        }
        source.x[node] = x;
        source.y[node] = y;
      }
    }
  }

  function invertMouth({ above, below }: Displacements, lips: MovedLips): void {
    for (let row = mouthBox.top; row < mouthBox.bottom; row += 1) {
      let dx = 0;
      let dy = 0;
      for (let column = mouthBox.left; column < mouthBox.right; column += 1) {
        const node = row * grid.columns + column;
        const px = column * CELL;
        const py = row * CELL;
        const ox = px - origin.x;
        const oy = py - origin.y;
        const share = belowShare(
          lips,
          chin,
          (ox * down.y - oy * down.x) / determinant,
          (across.x * oy - across.y * ox) / determinant,
        );
        for (let round = 0; round < MOUTH_ROUNDS; round += 1) {
          const next = blend(above.x, below.x, share, px - dx, py - dy);
          dy = blend(above.y, below.y, share, px - dx, py - dy);
          dx = next;
        }
        source.x[node] = px - dx;
        source.y[node] = py - dy;
      }
    }
  }

  function blend(above: Field, below: Field, share: number, x: number, y: number): number {
    if (share === 0) {
      return fieldAt(above, grid, x, y);
    }
    const lower = fieldAt(below, grid, x, y);
    return share === 1 ? lower : lower * share + fieldAt(above, grid, x, y) * (1 - share);
  }

  return {
    source,
    update(displacements: Displacements, lips: MovedLips): void {
      invertHead(displacements);
      invertMouth(displacements, lips);
    },
  };
}
