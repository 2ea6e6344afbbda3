import { normalize, type Vec3 } from './vec3.ts';

export interface Light {
  direction: Vec3;
  colour: Vec3;
  /** How sharply its shadows end; undefined casts none. */
  sharpness?: number;
}

/** A large warm window on the left, a cool reflector on the right, two lamps behind. */
export const KEY: Light = {
  direction: normalize([-0.52, 0.5, 0.75]),
  colour: [1.62, 1.46, 1.27],
  sharpness: 2.6,
};
export const FILL: Light = { direction: normalize([0.75, 0.05, 0.62]), colour: [0.3, 0.34, 0.4] };
export const RIMS: readonly Light[] = [
  { direction: normalize([0.8, 0.4, -0.62]), colour: [1.25, 1.2, 1.1] },
  { direction: normalize([-0.85, 0.5, -0.6]), colour: [0.6, 0.75, 0.85] },
];
export const SKY: Vec3 = [0.4, 0.43, 0.47];
export const GROUND: Vec3 = [0.27, 0.21, 0.17];
