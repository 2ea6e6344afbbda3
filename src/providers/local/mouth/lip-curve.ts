import { clamp } from '../../../clamp.ts';
import { heightOn } from '../curves.ts';

/** Number of places along the mouth, from its left corner (u = -1) to its right (u = 1). */
export const LIP_PLACES = 41;

/** Height of a lip's edge at each place, in pixels along the mouth's downward axis. */
export type LipCurve = Float32Array;

export function placeToU(place: number): number {
  return (2 * place) / (LIP_PLACES - 1) - 1;
}

/** Linear between the places, constant beyond the corners. */
export function heightAt(curve: LipCurve, u: number): number {
  const place = clamp(((u + 1) * (LIP_PLACES - 1)) / 2, 0, LIP_PLACES - 1.001);
  const left = Math.floor(place);
  return curve[left]! + (curve[left + 1]! - curve[left]!) * (place - left);
}

/** A curve through scattered points: linear in between, then smoothed over five places. */
export function curveThrough(points: Array<{ u: number; height: number }>): LipCurve {
  const sorted = points.map(({ u, height }) => ({ x: u, y: height })).sort((a, b) => a.x - b.x);
  const curve = Float32Array.from({ length: LIP_PLACES }, (_, place) => heightOn(sorted, placeToU(place)));
  return smoothCurve(curve, [1, 2, 3, 2, 1]);
}

/** Weighted mean over neighbouring places. The ends keep their height. */
export function smoothCurve(curve: LipCurve, weights: number[]): LipCurve {
  const reach = (weights.length - 1) / 2;
  return curve.map((_, place) => {
    const within = Math.min(reach, place, LIP_PLACES - 1 - place);
    let sum = 0;
    let total = 0;
    for (let k = -within; k <= within; k += 1) {
      sum += weights[k + reach]! * curve[place + k]!;
      total += weights[k + reach]!;
    }
    return sum / total;
  });
}
