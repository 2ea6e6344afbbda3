import { clamp } from '../../clamp.ts';

/** 0 up to `from`, 1 from `to` on, and a smooth slope in between. */
export function smoothstep(from: number, to: number, x: number): number {
  const t = clamp((x - from) / (to - from), 0, 1);
  return t * t * (3 - 2 * t);
}

export function gauss(x: number): number {
  return Math.exp(-x * x);
}

/** The height at x of the line through points that are sorted by x. Constant beyond them. */
export function heightOn(points: ReadonlyArray<{ x: number; y: number }>, x: number): number {
  const next = points.findIndex((point) => point.x >= x);
  if (next <= 0) {
    return points.at(next === 0 ? 0 : -1)!.y;
  }
  const [a, b] = [points[next - 1]!, points[next]!];
  return a.y + ((b.y - a.y) * (x - a.x)) / Math.max(1e-6, b.x - a.x);
}
