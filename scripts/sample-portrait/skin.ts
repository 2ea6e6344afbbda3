import {
  brow,
  EYE,
  eyeOpening,
  lipSeam,
  lowerLid,
  lowerLipHeight,
  MOUTH,
  upperLid,
  upperLipHeight,
} from './face-lines.ts';
import { hairline } from './hair.ts';
import { creaseHeight } from './head-shape.ts';
import { cloud, createRandom, noise } from './noise.ts';
import { bell, clamp, smoothstep } from './scalar.ts';
import { blend, multiply, scale, type Vec3 } from './vec3.ts';

export interface Paint {
  albedo: Vec3;
  /** 0 mirror to 1 matt. */
  roughness: number;
  gloss: number;
}

const FRECKLE_CELL_CM = 0.42;
const BASE: Vec3 = [0.6, 0.325, 0.215];
const BLUSH: Vec3 = [0.72, 0.27, 0.2];
const LIP: Vec3 = [0.52, 0.135, 0.12];
const SCALP: Vec3 = [0.05, 0.024, 0.014];

export function paintSkin([X, y, z]: Vec3): Paint {
  const x = Math.abs(X);
  let albedo = scale(BASE, 0.93 + 0.14 * cloud(X * 0.9, y * 0.9, z));
  const front = smoothstep(0, 2.5, z);
  const flush = bell(x, 4.1, 1.7) * bell(y, -1.0, 1.5) * 0.55 + bell(x, 0, 1.0) * bell(y, -0.9, 0.8) * 0.4;
  const chin = bell(x, 0, 1.3) * bell(y, -7.6, 1.1) * 0.2;
  albedo = blend(albedo, BLUSH, front * (flush + chin) * (0.75 + 0.5 * noise(X * 3, y * 3, 1)));
  albedo = multiply(albedo, blend([1, 1, 1], [0.55, 0.42, 0.36], freckle(X, y) * front));
  albedo = multiply(albedo, blend([1, 1, 1], [0.62, 0.48, 0.44], lidShade(x, y) * front));
  const shadow = brow(x);
  const browCover =
    shadow.half > 0 ? bell(y, shadow.y, 1.25 * shadow.half + 0.02) * smoothstep(0, 0.5, x - 1.3) : 0;
  albedo = blend(albedo, [0.2, 0.11, 0.075], 0.45 * browCover * front);
  const scalp =
    z > -1.5
      ? smoothstep(0.1, 0.75, y - hairline(X) + 0.35 * noise(X * 6, 2 * y, z) + 3.2 * smoothstep(1.6, -1, z))
      : smoothstep(-4, -3, y);
  albedo = blend(albedo, SCALP, 0.9 * scalp);

  const lip = lipCover(X, y) * front;
  const lines = 0.85 + 0.3 * noise(X * 7, y * 1.2, 3);
  albedo = blend(albedo, scale(LIP, lines), 0.92 * lip);
  const seam =
    bell(y, lipSeam(X), 0.05) * smoothstep(MOUTH.halfWidth * 1.03, MOUTH.halfWidth * 0.86, x) * front;
  albedo = blend(albedo, [0.06, 0.014, 0.014], 0.8 * seam);
  return {
    albedo,
    roughness: 0.46 - 0.14 * lip + 0.1 * (noise(X * 14, y * 14, z * 14) - 0.5),
    gloss: (0.9 + 0.7 * lip) * (1 - scalp),
  };
}

function lipCover(X: number, y: number): number {
  const above = y - lipSeam(X);
  const reach = above > 0 ? upperLipHeight(X) : lowerLipHeight(X);
  const inside = reach - Math.abs(above);
  return (
    smoothstep(-0.07, 0.12, inside) * smoothstep(MOUTH.halfWidth * 1.02, MOUTH.halfWidth * 0.9, Math.abs(X))
  );
}

function freckle(X: number, y: number): number {
  const where = bell(Math.abs(X), 2.4, 2.1) * bell(y, 0, 1.25);
  const column = Math.floor(X / FRECKLE_CELL_CM);
  const row = Math.floor(y / FRECKLE_CELL_CM);
  const random = createRandom(column * 7919 + row * 104_729);
  const dx = X / FRECKLE_CELL_CM - column - 0.25 - 0.5 * random();
  const dy = y / FRECKLE_CELL_CM - row - 0.25 - 0.5 * random();
  const size = 0.08 + 0.14 * random();
  return 0.7 * random() * where * smoothstep(size, 0.3 * size, Math.hypot(dx, dy));
}

/** Make-up along the upper lashes, the fold of the lid, and the thin skin under the eye. */
function lidShade(x: number, y: number): number {
  const across = smoothstep(EYE.halfWidth + 0.35, EYE.halfWidth - 0.15, Math.abs(x - EYE.x));
  const edge = eyeOpening(x, y);
  const liner = y > EYE.y ? bell(y, upperLid(x), 0.1) * 1.5 : 0.5 * bell(y, lowerLid(x), 0.08);
  const lid = y > EYE.y && edge > 0 ? 0.35 * bell(y, creaseHeight(x), 0.22) + 0.25 * bell(edge, 0, 0.35) : 0;
  const under = 0.16 * bell(y, EYE.y - 1.0, 0.35);
  return clamp(across * (liner + lid + under), 0, 1.3);
}
