/** 0 up to `from`, 1 from `to` on, and a smooth slope in between. */
export function smoothstep(from: number, to: number, x: number): number {
  const t = clamp((x - from) / (to - from), 0, 1);
  return t * t * (3 - 2 * t);
}

export function clamp(x: number, low: number, high: number): number {
  return Math.min(Math.max(x, low), high);
}

export function gauss(x: number): number {
  return Math.exp(-x * x);
}
