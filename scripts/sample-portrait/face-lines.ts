/** The drawn lines of the face, seen from the front. Shape and colour both follow them, so they always meet. x is 0 or more. */
import { bell } from './scalar.ts';

export const EYE = { x: 3.12, y: 2.6, z: 2.3, radius: 1.75, halfWidth: 1.56 } as const;
export const MOUTH = { y: -4.2, halfWidth: 2.7 } as const;

const eyeSide = (x: number): number => (x - EYE.x) / EYE.halfWidth;
const eyeAxis = (s: number): number => EYE.y - 0.06 + 0.13 * s;

export function upperLid(x: number): number {
  const s = eyeSide(x);
  const arch = Math.max(0, 1 - Math.abs(s) ** 2.3);
  return eyeAxis(s) + 0.69 * arch ** 0.85 * (1 - 0.1 * s);
}

export function lowerLid(x: number): number {
  const s = eyeSide(x);
  const arch = Math.max(0, 1 - Math.abs(s) ** 2.2);
  return eyeAxis(s) - 0.5 * arch ** 0.9 * (1 + 0.16 * s);
}

/** Negative inside the opening between the lids. */
export function eyeOpening(x: number, y: number): number {
  const side = Math.abs(x - EYE.x) - EYE.halfWidth;
  return Math.max(0.85 * (y - upperLid(x)), 0.85 * (lowerLid(x) - y), side);
}

/** Where the lips meet: a smile lifts the corners. */
export function lipSeam(x: number): number {
  const t = Math.abs(x) / MOUTH.halfWidth;
  return MOUTH.y + 0.46 * t ** 2.1 - 0.05 * bell(x, 0, 0.5);
}

export function upperLipHeight(x: number): number {
  const t = Math.min(1, Math.abs(x) / MOUTH.halfWidth);
  return 0.74 * (1 - t ** 1.7) * (1 + 0.13 * bell(Math.abs(x), 0.6, 0.4) - 0.13 * bell(x, 0, 0.28));
}

export function lowerLipHeight(x: number): number {
  const t = Math.min(1, Math.abs(x) / MOUTH.halfWidth);
  return 0.98 * (1 - t ** 2.1) ** 0.95;
}

/** The middle of the eyebrow and half its height there; 0 beyond its ends. */
export function brow(x: number): { y: number; half: number } {
  const t = (x - 1.35) / 3.75;
  if (t < 0 || t > 1) {
    return { y: 4.3, half: 0 };
  }
  const y =
    4.3 + 0.62 * Math.sin(Math.min(1, t / 0.62) * (Math.PI / 2)) ** 1.2 - 1.5 * Math.max(0, t - 0.6) ** 1.2;
  return { y, half: 0.33 * Math.min(1, 0.55 + t * 3) * (1 - t ** 2.2) ** 0.7 };
}
