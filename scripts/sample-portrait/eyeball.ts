import { EYE, lowerLid, upperLid } from './face-lines.ts';
import { noise } from './noise.ts';
import { bell, clamp, smoothstep } from './scalar.ts';
import { add, blend, scale, type Vec3 } from './vec3.ts';

const SCLERA: Vec3 = [0.78, 0.75, 0.73];
const IRIS_RADIUS = 0.76;

/** The colour of the eye at a point of its ball, lit; highlights included. `light` is what reaches it. */
export function paintEye([X, y]: Vec3, light: Vec3): Vec3 {
  const side = Math.sign(X);
  const dx = X - side * (EYE.x - 0.06);
  const dy = y - (EYE.y + 0.02);
  const r = Math.hypot(dx, dy) / IRIS_RADIUS;
  const x = Math.abs(X);
  const inner = smoothstep(EYE.x - EYE.halfWidth + 0.5, EYE.x - EYE.halfWidth + 0.12, x);
  const corner = smoothstep(0.7, 1.05, Math.abs(x - EYE.x) / EYE.halfWidth);
  let white = blend(SCLERA, [0.66, 0.4, 0.36], clamp(0.75 * inner + 0.35 * corner));
  white = scale(white, 0.95 + 0.1 * noise(X * 6, y * 6, 0));
  let colour = blend(white, iris(r, Math.atan2(dy, dx), dx, dy), smoothstep(1.04, 0.96, r));
  const underLid = smoothstep(-0.02, 0.5, upperLid(x) - y);
  const overLid = smoothstep(-0.05, 0.22, y - lowerLid(x));
  colour = scale(colour, (0.3 + 0.7 * underLid) * (0.6 + 0.4 * overLid) * (1 - 0.35 * corner));
  colour = [colour[0] * light[0], colour[1] * light[1], colour[2] * light[2]];
  return add(colour, highlights(dx, dy));
}

function iris(r: number, angle: number, dx: number, dy: number): Vec3 {
  const fibre = noise(angle * 14 + 60, r * 1.6, 2) * 0.65 + noise(angle * 31 + 90, r * 3, 5) * 0.35;
  let colour = blend([0.03, 0.03, 0.014], [0.15, 0.11, 0.045], fibre);
  colour = blend(colour, [0.2, 0.09, 0.028], 0.75 * bell(r, 0.45, 0.16));
  const caustic = clamp(0.5 + (0.55 * dx - 0.8 * dy) / IRIS_RADIUS);
  colour = scale(colour, 0.5 + 1.5 * caustic);
  colour = scale(colour, 1 - 0.85 * smoothstep(0.78, 1.0, r));
  return scale(colour, smoothstep(0.36, 0.43, r) * 0.985 + 0.015);
}

/** The window in the cornea, the reflector, and the wet edge. */
function highlights(dx: number, dy: number): Vec3 {
  const box = (cx: number, cy: number, w: number, h: number): number =>
    smoothstep(0.035, -0.035, Math.max(Math.abs(dx - cx - 0.12 * (dy - cy)) - w, Math.abs(dy - cy) - h));
  const window = box(-0.24, 0.24, 0.12, 0.13) * (Math.abs(dx + 0.24) < 0.012 ? 0.55 : 1);
  const reflector = 0.16 * bell(dx, 0.27, 0.13) * bell(dy, -0.25, 0.1);
  return add(scale([1.5, 1.45, 1.35], window), scale([0.8, 0.95, 1.1], reflector));
}
