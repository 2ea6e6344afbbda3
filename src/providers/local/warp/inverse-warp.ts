import type { MouthFrame } from '../mouth/mouth-frame.ts';
import type { Displacements } from './displacements.ts';
import type { VectorField } from './head-fields.ts';
import { belowShare, type MovedLips } from './moved-lips.ts';
import { type NodeBox, vectorAt, type WarpGrid } from './warp-grid.ts';

/** The fields of the head are smooth and small: the second round changes them by thousandths of a pixel. */
const HEAD_ROUNDS = 2;
/** The fields of the mouth are steep, but each node starts from the result of its neighbour. */
const MOUTH_ROUNDS = 4;

/**
 * Computes for every node of the frame its source in the portrait: inverts the forward displacements by the fixed-point
 * iteration q <- p - D(q).
 */
export function createInverseWarp(frame: MouthFrame, mouthBox: NodeBox, grid: WarpGrid) {
  const source: VectorField = {
    x: new Float32Array(grid.columns * grid.rows),
    y: new Float32Array(grid.columns * grid.rows),
  };
  const { cell } = grid;
  const moved = new Float64Array(2);
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
        const px = column * cell;
        const py = row * cell;
        let x = px - head.x[node]!;
        let y = py - head.y[node]!;
        for (let round = 1; round < HEAD_ROUNDS; round += 1) {
          vectorAt(head, grid, x, y, moved);
          x = px - moved[0]!;
          y = py - moved[1]!;
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
        const px = column * cell;
        const py = row * cell;
        const ox = px - origin.x;
        const oy = py - origin.y;
        const share = belowShare(
          lips,
          chin,
          (ox * down.y - oy * down.x) / determinant,
          (across.x * oy - across.y * ox) / determinant,
        );
        for (let round = 0; round < MOUTH_ROUNDS; round += 1) {
          const [x, y] = [px - dx, py - dy];
          dx = 0;
          dy = 0;
          if (share > 0) {
            vectorAt(below, grid, x, y, moved);
            dx = share * moved[0]!;
            dy = share * moved[1]!;
          }
          if (share < 1) {
            vectorAt(above, grid, x, y, moved);
            dx += (1 - share) * moved[0]!;
            dy += (1 - share) * moved[1]!;
          }
        }
        source.x[node] = px - dx;
        source.y[node] = py - dy;
      }
    }
  }

  return {
    source,
    update(displacements: Displacements, lips: MovedLips): void {
      invertHead(displacements);
      invertMouth(displacements, lips);
    },
  };
}
