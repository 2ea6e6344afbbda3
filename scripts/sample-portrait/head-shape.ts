import { capsule, carve, ellipsoid, join, sphere } from './distance.ts';
import { EYE, eyeOpening, lipSeam, lowerLipHeight, MOUTH, upperLipHeight } from './face-lines.ts';
import { bell, clamp, smoothstep } from './scalar.ts';

const NECK_RADIUS_CM = 4.0;
/** No feature stands out further from the bare head. */
const FEATURES_REACH_CM = 2.4;

/** Skull, jaw and neck without features: what hair lies on. x may have either sign. */
export function bareHead(signedX: number, y: number, z: number): number {
  const x = Math.abs(signedX);
  let d = ellipsoid(x, y - 4.0, z + 3.3, 7.3, 8.6, 8.9);
  d = join(d, ellipsoid(x, y + 1.1, z + 0.4, 5.95, 7.5, 5.3), 2.0);
  d = join(d, capsule(x, y, z, 0.5, -7.25, 2.8, 3.6, -4.4, -1.2, 1.45, 1.7), 1.6);
  return join(d, neck(x, y, z), 0.9);
}

function neck(x: number, y: number, z: number): number {
  const column = capsule(x, y, z, 0, -5, -3.4, 0, -17, -4.6, NECK_RADIUS_CM, NECK_RADIUS_CM + 0.3);
  const tendon = capsule(x, y, z, 3.8, -6, -3.2, 0.9, -17.2, -0.6, 0.5, 0.65);
  const chest = ellipsoid(x, y + 27.5, z + 5, 13, 11, 6.4);
  return join(join(column, tendon, 1.5), chest, 3);
}

/** The skin, without eyes. */
export function headShape(signedX: number, y: number, z: number): number {
  const x = Math.abs(signedX);
  let d = bareHead(x, y, z);
  if (d > 5) {
    return d - FEATURES_REACH_CM;
  }
  if (z < -3 || y < -11 || y > 9) {
    return d;
  }
  d = join(d, sphere(x - 4.05, y + 0.1, z - 1.85, 2.2), 1.8); // cheekbone
  d = join(d, ellipsoid(x, y + 4.3, z - 2.5, 3.0, 2.7, 2.95), 1.5); // muzzle
  d = join(d, ellipsoid(x, y + 7.4, z - 3.3, 1.45, 1.4, 1.5), 1.4); // chin
  d = carve(d, ellipsoid(x - 3.1, y - 2.55, z - 5.6, 2.5, 1.35, 1.75), 1.5); // socket
  d = nose(d, x, y, z);
  d = lips(d, x, y, z);
  d -= 0.16 * bell(x, 3.9, 1.3) * bell(y, -1.5, 1.2); // smiling cheek
  return lids(d, x, y, z);
}

function nose(d: number, x: number, y: number, z: number): number {
  let n = join(d, capsule(x, y, z, 0, 3.4, 4.25, 0, -0.5, 6.2, 0.6, 0.7), 1.4);
  n = join(n, ellipsoid(x, y + 0.72, z - 6.15, 0.9, 0.8, 0.95), 0.9);
  n = join(n, ellipsoid(x - 1.05, y + 1.15, z - 5.2, 0.6, 0.58, 0.9), 0.75);
  n = join(n, capsule(x, y, z, 0, -1.3, 6.2, 0, -1.95, 5.2, 0.34, 0.42), 0.4);
  return carve(n, ellipsoid(x - 0.6, y + 1.72, z - 5.75, 0.36, 0.34, 0.62), 0.3);
}

function lips(d: number, x: number, y: number, z: number): number {
  if (z < 2 || y > -1.5 || y < -7.5) {
    return d;
  }
  const t = x / MOUTH.halfWidth;
  const middle = 1 - clamp(t) ** 2;
  const above = y - lipSeam(x);
  const upper = clamp(above / (upperLipHeight(x) + 0.05));
  const lower = clamp(-above / (lowerLipHeight(x) + 0.05));
  let out = 0;
  out += 0.34 * middle * smoothstep(-0.25, 0.3, upper) * (1 - upper) ** 0.8 * (above > 0 ? 1 : 0);
  out += 0.36 * middle * Math.sin(Math.PI * (0.035 + 0.965 * lower) ** 0.72) ** 0.9 * (above > 0 ? 0 : 1);
  out -= 0.09 * bell(above, 0, 0.07) * (1 - smoothstep(0.9, 1.06, t));
  out -= 0.16 * bell(x, MOUTH.halfWidth + 0.2, 0.4) * bell(y, lipSeam(MOUTH.halfWidth), 0.5); // corner
  out -= 0.14 * bell(x, 0, 1.6) * bell(y, -5.95, 0.5); // under the lower lip
  out -= 0.12 * bell(x, 0, 0.26) * smoothstep(-3.5, -3.1, y) * smoothstep(-1.7, -2.3, y); // philtrum
  return d - out * smoothstep(2, 3.4, z);
}

function lids(d: number, x: number, y: number, z: number): number {
  const ball = sphere(x - EYE.x, y - EYE.y, z - EYE.z, EYE.radius);
  const covered = join(d, ball - 0.17, 0.55);
  const crease = 0.1 * bell(y, creaseHeight(x), 0.1) * smoothstep(1.7, 1.1, Math.abs(x - EYE.x));
  return carve(covered + crease, Math.max(eyeOpening(x, y), 2.2 - z), 0.07);
}

/** The fold above the upper lid. */
export function creaseHeight(x: number): number {
  const s = (x - EYE.x) / EYE.halfWidth;
  return EYE.y + 0.08 * s + 0.98 - 0.42 * s * s;
}

export const eyeShape = (signedX: number, y: number, z: number): number =>
  sphere(Math.abs(signedX) - EYE.x, y - EYE.y, z - EYE.z, EYE.radius);
