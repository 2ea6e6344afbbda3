import { bareHead } from './head-shape.ts';
import { createRandom } from './noise.ts';
import { clamp, mix, smoothstep } from './scalar.ts';
import type { Strand } from './strand.ts';
import { sweaterShape } from './sweater-shape.ts';
import { add, blend, normalize, scale, type Vec3 } from './vec3.ts';

const STRANDS = 17_000;
const LOCKS = 230;
const STEP_CM = 0.7;
const STEPS = 37;
const PART_X = 1.7;
/** What hair leaves free: half an ellipse over the eyes, and the cheeks below. */
const FACE = { y: 2, height: 5.8, halfWidth: 5.75 } as const;
const DARK: Vec3 = [0.03, 0.0125, 0.0065];
const LIGHT: Vec3 = [0.15, 0.055, 0.021];

interface Lock {
  root: Vec3;
  path: Vec3[];
  phase: number;
  waves: number;
}

/** Lowest place where hair grows, on the front of the head. */
export const hairline = (x: number): number => 7.5 - 0.9 * (Math.abs(x) / 4.6) ** 3;

/** Chestnut hair to the shoulders with a side parting, combed by gravity over the head. */
export function growHair(seed: number): Strand[] {
  const random = createRandom(seed);
  const locks = Array.from({ length: LOCKS }, (): Lock => {
    const root = scalpPoint(random);
    return {
      root,
      path: fall(root, 0.3 + 0.6 * random()),
      phase: 6.3 * random(),
      waves: 0.8 + 0.5 * random(),
    };
  });
  return Array.from({ length: STRANDS }, () => growStrand(locks, random));
}

function growStrand(locks: Lock[], random: () => number): Strand {
  const root = scalpPoint(random);
  const lock = nearestLock(locks, root);
  const stray = random() < 0.05;
  const own = fall(root, 0.15 + 0.75 * random() + (stray ? 0.5 : 0));
  const length = Math.round(STEPS * (0.86 + 0.14 * random()));
  const points = new Float32Array(3 * length);
  const spread = [random() - 0.5, random() - 0.5, random() - 0.5] as const;
  for (let i = 0; i < length; i++) {
    const t = i / (STEPS - 1);
    const hold = stray ? 0.25 : 0.66 * smoothstep(0.02, 0.55, t);
    const loose = 1.5 * mix(1, 0.55, t);
    const guide = add(lock.path[i]!, scale(spread, loose));
    const swing = (stray ? 0.5 : 0.42) * smoothstep(0.25, 0.9, t);
    const angle = lock.phase + lock.waves * i * STEP_CM * 0.62;
    const p = add(blend(own[i]!, guide, hold), [swing * Math.cos(angle), 0, swing * Math.sin(angle)]);
    points.set(keepOut(p, 0.12), 3 * i);
  }
  const shade = clamp(0.25 + 0.5 * random() + 0.25 * Math.sin(lock.phase * 5));
  return { points, widthCm: 0.05 + 0.025 * random(), colour: blend(DARK, LIGHT, shade), glossy: true };
}

function scalpPoint(random: () => number): Vec3 {
  const nape = random() < 0.14; // what hangs behind the neck
  for (;;) {
    const up = nape ? -0.65 + 0.4 * random() : 2 * random() - 1;
    const turn = nape ? -Math.PI * random() : 2 * Math.PI * random();
    const flat = Math.sqrt(1 - up * up);
    const p: Vec3 = [7.35 * flat * Math.cos(turn), 4.0 + 8.65 * up, -3.3 + 8.95 * flat * Math.sin(turn)];
    const grows = p[2] > -1 ? p[1] > hairline(p[0]) - 3.2 * smoothstep(1.6, -1, p[2]) : p[1] > -2.2;
    if (grows) {
      return p;
    }
  }
}

/** The way of one hair from its root: combed away from the parting, then down, sliding over head and shoulders. */
function fall(root: Vec3, layer: number): Vec3[] {
  const side = Math.sign(root[0] - PART_X);
  const outward = normalize([root[0], root[1] - 4, root[2] + 3.3]);
  let direction = normalize(
    add(scale(outward, 0.55), [0.95 * side * smoothstep(1, 9, root[1]), 0.1, root[2] > 0 ? -0.25 : -0.5]),
  );
  const path: Vec3[] = [];
  let p = root;
  for (let i = 0; i < STEPS; i++) {
    path.push(p);
    const weight = 0.16 + 0.25 * smoothstep(0, 0.4, i / STEPS);
    direction = normalize(add(direction, [0, -weight, 0]));
    const inward = i > STEPS * 0.72 ? -0.05 * Math.sign(p[0]) : 0;
    direction = normalize(add(direction, [inward, 0, 0]));
    const next = keepOut(add(p, scale(direction, STEP_CM)), layer * smoothstep(0, 5, i) + 0.1);
    direction = normalize(blend(direction, normalize([next[0] - p[0], next[1] - p[1], next[2] - p[2]]), 0.8));
    p = next;
  }
  return path;
}

/** Pushes a point off the body to at least `gap` centimetres, and sideways off the face. */
function keepOut(p: Vec3, gap: number): Vec3 {
  let [x, y, z] = p;
  for (let round = 0; round < 2; round++) {
    const d = bodyDistance(x, y, z);
    if (d < gap) {
      const e = 0.05;
      const n = normalize([
        bodyDistance(x + e, y, z) - d,
        bodyDistance(x, y + e, z) - d,
        bodyDistance(x, y, z + e) - d,
      ]);
      x += n[0] * (gap - d);
      y += n[1] * (gap - d);
      z += n[2] * (gap - d);
    }
  }
  const front = 0.85 * smoothstep(-1.5, 0.5, z);
  const above = Math.max(0, y - FACE.y) / FACE.height;
  const halfWidth = y > FACE.y ? FACE.halfWidth : mix(FACE.halfWidth, 5.0, smoothstep(FACE.y, -9, y));
  const out = 1 / Math.max(0.05, Math.hypot(x / halfWidth, above));
  return out > 1
    ? [mix(x, x * out, front), mix(y, y > FACE.y ? FACE.y + (y - FACE.y) * out : y, front), z]
    : [x, y, z];
}

const bodyDistance = (x: number, y: number, z: number): number =>
  Math.min(bareHead(x, y, z), sweaterShape(x, y, z));

function nearestLock(locks: Lock[], root: Vec3): Lock {
  const side = root[0] > PART_X;
  let best = locks[0]!;
  let least = Number.POSITIVE_INFINITY;
  for (const lock of locks) {
    const other = lock.root[0] > PART_X !== side ? 50 : 0;
    const d =
      other + (lock.root[0] - root[0]) ** 2 + (lock.root[1] - root[1]) ** 2 + (lock.root[2] - root[2]) ** 2;
    if (d < least) {
      least = d;
      best = lock;
    }
  }
  return best;
}
