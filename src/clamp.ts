/** The number nearest to the value in the range. Loops over pixels write this out, as a call there costs time. */
export function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
}
