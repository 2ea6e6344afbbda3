import { brow, EYE, lowerLid, upperLid } from './face-lines.ts';
import { eyeShape, headShape } from './head-shape.ts';
import { createRandom } from './noise.ts';
import type { Strand } from './strand.ts';
import type { Vec3 } from './vec3.ts';

const BROW_COLOUR: Vec3 = [0.075, 0.04, 0.024];
const LASH_COLOUR: Vec3 = [0.006, 0.004, 0.003];

/** Eyebrows and eyelashes. */
export function growFaceHair(seed: number): Strand[] {
  const random = createRandom(seed);
  return [-1, 1].flatMap((side) => [
    ...Array.from({ length: 430 }, () => browHair(side, random)),
    ...Array.from({ length: 95 }, (_, i) => upperLash(side, (i + 0.5) / 95, random)),
    ...Array.from({ length: 46 }, (_, i) => lowerLash(side, (i + 0.5) / 46, random)),
  ]);
}

function browHair(side: number, random: () => number): Strand {
  const t = random() ** 0.92;
  const x = 1.36 + 3.7 * t;
  const { y, half } = brow(x);
  const across = random() + random() - 1;
  // Upright at the nose, along the brow further out, and always towards its middle line.
  const lean = Math.max(0.12, 1.1 - 2.2 * t) - 0.5 * across - 0.35 * t;
  const length = 0.34 + 0.22 * random();
  const points = line(4, (s) => {
    const px = x + s * length * Math.cos(lean);
    const py = y + across * half + s * length * Math.sin(lean) * (1 - 0.3 * s);
    return [side * px, py, skinDepth(px, py) + 0.03];
  });
  return { points, widthCm: 0.027, colour: BROW_COLOUR, glossy: false };
}

function upperLash(side: number, t: number, random: () => number): Strand {
  const x = EYE.x - EYE.halfWidth * 0.93 + 2 * EYE.halfWidth * 0.94 * t;
  const y = upperLid(x);
  const root = lidDepth(x, y);
  const length = (0.2 + 0.24 * Math.sin(Math.PI * t) ** 0.6 + 0.2 * t) * (0.65 + 0.45 * random());
  const out = (t - 0.4) * 0.9 + 0.55 * Math.sin(t * 90) * random();
  const points = line(6, (s) => [
    side * (x + out * length * s),
    y + length * (-0.12 * s + 0.85 * s * s),
    root + 0.1 + length * 0.8 * s,
  ]);
  return { points, widthCm: 0.032, colour: LASH_COLOUR, glossy: false };
}

function lowerLash(side: number, t: number, random: () => number): Strand {
  const x = EYE.x - EYE.halfWidth * 0.6 + 2 * EYE.halfWidth * 0.76 * t;
  const y = lowerLid(x) - 0.06;
  const length = 0.16 + 0.1 * random();
  const points = line(4, (s) => [
    side * (x + (t - 0.35) * length * s),
    y - 0.7 * length * s,
    lidDepth(x, y) + 0.12 + 0.4 * length * s,
  ]);
  return { points, widthCm: 0.022, colour: LASH_COLOUR, glossy: false };
}

function line(count: number, at: (s: number) => Vec3): Float32Array {
  return new Float32Array(Array.from({ length: count }, (_, i) => at(i / (count - 1))).flat());
}

function lidDepth(x: number, y: number): number {
  const inside = EYE.radius ** 2 - (x - EYE.x) ** 2 - (y - EYE.y) ** 2;
  return EYE.z + Math.sqrt(Math.max(0.2, inside));
}

/** z of the face in front of (x, y). */
function skinDepth(x: number, y: number): number {
  let z = 9;
  for (let step = 0; step < 60; step++) {
    const d = Math.min(headShape(x, y, z), eyeShape(x, y, z));
    if (d < 0.01) {
      break;
    }
    z -= 0.7 * d;
  }
  return z;
}
