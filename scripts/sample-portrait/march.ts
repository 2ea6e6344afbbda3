import { clamp } from './scalar.ts';
import { sceneDistance } from './scene.ts';
import { normalize, type Vec3 } from './vec3.ts';

const SAFETY = 0.8; // joins and displacements bend the distances a little
const NEAR = 94;
const FAR = 125;
const MOST_STEPS = 90; // a ray that grazes an edge would creep along it

/** Where the ray meets the scene, by sphere tracing; undefined where it meets nothing. */
export function trace(origin: Vec3, direction: Vec3): Vec3 | undefined {
  let t = NEAR;
  for (let step = 1; t < FAR; step++) {
    const x = origin[0] + direction[0] * t;
    const y = origin[1] + direction[1] * t;
    const z = origin[2] + direction[2] * t;
    const d = sceneDistance(x, y, z);
    if (d < 0.004 || (step > MOST_STEPS && d < 0.1)) {
      return [x, y, z];
    }
    t += Math.max(0.003, d * SAFETY);
  }
  return undefined;
}

export function surfaceNormal([x, y, z]: Vec3, distance = sceneDistance): Vec3 {
  const e = 0.012;
  const a = distance(x + e, y - e, z - e);
  const b = distance(x - e, y - e, z + e);
  const c = distance(x - e, y + e, z - e);
  const d = distance(x + e, y + e, z + e);
  return normalize([a - b - c + d, -a - b + c + d, -a + b - c + d]);
}

/** 1 in full light, 0 in shadow; the penumbra of a lamp about `1 / sharpness` radians wide. */
export function lightReaching([x, y, z]: Vec3, [lx, ly, lz]: Vec3, sharpness: number): number {
  let light = 1;
  let t = 0.12;
  for (let step = 0; step < 34 && t < 30; step++) {
    const d = sceneDistance(x + lx * t, y + ly * t, z + lz * t);
    light = Math.min(light, 0.5 + (0.5 * sharpness * d) / t);
    if (light <= 0) {
      return 0;
    }
    t += clamp(d * SAFETY, 0.1, 2.5);
  }
  return light * light * (3 - 2 * light);
}

/** The share of the sky that a point sees, from how fast the scene recedes along its normal. */
export function openness([x, y, z]: Vec3, [nx, ny, nz]: Vec3): number {
  let blocked = 0;
  for (let k = 1; k <= 5; k++) {
    const h = 0.06 + 0.09 * k * k;
    blocked += (Math.max(0, h - sceneDistance(x + nx * h, y + ny * h, z + nz * h)) / h) * 0.62 ** k;
  }
  return clamp(1 - 0.85 * blocked);
}
