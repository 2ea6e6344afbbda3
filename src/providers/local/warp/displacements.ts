import type { MouthParameter, Pose } from '../motion/pose.ts';
import type { MouthFrame } from '../mouth/mouth-frame.ts';
import type { HeadFields, VectorField } from './head-fields.ts';
import type { MouthFields } from './mouth-fields.ts';
import type { WarpGrid } from './warp-grid.ts';

export interface Displacements {
  /** Displacement of the skin by the head and the brows, without the mouth. */
  head: VectorField;
  /** With the mouth, for the skin above and below the lip line. Equal to `head` away from the mouth. */
  above: VectorField;
  below: VectorField;
}

/** An opening mouth gets narrower. */
const NARROWING = -0.16;

interface FaceFields {
  head: HeadFields;
  brows: VectorField;
  mouth: MouthFields;
}

/** Adds up the fields of a pose, into reused buffers. */
export function createDisplacements(fields: FaceFields, { across, down }: MouthFrame, grid: WarpGrid) {
  const buffer = (): VectorField => ({
    x: new Float32Array(grid.columns * grid.rows),
    y: new Float32Array(grid.columns * grid.rows),
  });
  const sum: Displacements = { head: buffer(), above: buffer(), below: buffer() };
  const { box } = fields.mouth;

  function addMouth(side: 'above' | 'below', pose: Pose): void {
    const { wide, ...lifts } = fields.mouth[side];
    const widening = pose.wide + NARROWING * pose.jaw;
    const weighted = (Object.keys(lifts) as Array<Exclude<MouthParameter, 'wide'>>)
      .filter((parameter) => pose[parameter] !== 0)
      .map((parameter) => ({ field: lifts[parameter], weight: pose[parameter] }));
    const target = sum[side];
    for (let row = box.top; row < box.bottom; row += 1) {
      for (let node = row * grid.columns + box.left; node < row * grid.columns + box.right; node += 1) {
        const x = widening * wide[node]!;
        let y = 0;
        for (let k = 0; k < weighted.length; k += 1) {
          y += weighted[k]!.weight * weighted[k]!.field[node]!;
        }
        target.x[node]! += x * across.x + y * down.x;
        target.y[node]! += x * across.y + y * down.y;
      }
    }
  }

  return {
    ...sum,
    update(pose: Pose): void {
      const { yaw, pitch, roll, breath } = fields.head;
      for (const axis of ['x', 'y'] as const) {
        const target = sum.head[axis];
        const [a, b, c, d, e] = [yaw[axis], pitch[axis], roll[axis], breath[axis], fields.brows[axis]];
        for (let node = 0; node < target.length; node += 1) {
          target[node] =
            pose.yaw * a[node]! +
            pose.pitch * b[node]! +
            pose.roll * c[node]! +
            pose.breath * d[node]! +
            pose.brows * e[node]!;
        }
        sum.above[axis].set(target);
        sum.below[axis].set(target);
      }
      addMouth('above', pose);
      addMouth('below', pose);
    },
  };
}
