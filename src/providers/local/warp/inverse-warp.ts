import { type MouthFrame, toMouth } from '../mouth/mouth-frame.ts';
import type { Displacements } from './displacements.ts';
import type { VectorField } from './head-fields.ts';
import { belowShare, type MovedLips } from './moved-lips.ts';
import { CELL, fieldAt, type NodeBox, type WarpGrid } from './warp-grid.ts';

/** The head's fields are smooth and small, the mouth's are neither. */
const HEAD_ROUNDS = 3;
const MOUTH_ROUNDS = 5;

/**
 * For every node of the frame that is made, where in the portrait it comes from: the forward displacements inverted by
 * fixed-point iteration q <- p - D(q).
 */
export function createInverseWarp(frame: MouthFrame, mouthBox: NodeBox, grid: WarpGrid) {
  const source: VectorField = {
    x: new Float32Array(grid.columns * grid.rows),
    y: new Float32Array(grid.columns * grid.rows),
  };

  function invertHead({ head }: Displacements): void {
    for (let row = 0; row < grid.rows; row += 1) {
      for (let column = 0; column < grid.columns; column += 1) {
        const node = row * grid.columns + column;
        const [px, py] = [column * CELL, row * CELL];
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
      for (let column = mouthBox.left; column < mouthBox.right; column += 1) {
        const node = row * grid.columns + column;
        const p = { x: column * CELL, y: row * CELL };
        const place = toMouth(frame, p);
        const share = belowShare(lips, frame.chin, place.x, place.y);
        let { x, y } = p;
        for (let round = 0; round < MOUTH_ROUNDS; round += 1) {
          const dx = blend(above.x, below.x, share, x, y);
          y = p.y - blend(above.y, below.y, share, x, y);
          x = p.x - dx;
        }
        source.x[node] = x;
        source.y[node] = y;
      }
    }
  }

  function blend(above: Float32Array, below: Float32Array, share: number, x: number, y: number): number {
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
