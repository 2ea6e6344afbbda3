import type { Vec3 } from './vec3.ts';

/** One hair: a line through space. */
export interface Strand {
  /** x, y, z after each other, root first. */
  points: Float32Array;
  widthCm: number;
  colour: Vec3;
  /** Hair shines along its length; brows and lashes are drawn in their flat colour. */
  glossy: boolean;
}
