import { smoothstep } from '../curves.ts';
import { blurPlane, lumaPlane, type Plane, rednessPlane, sampleAt } from '../picture/luma-plane.ts';
import type { Texture } from '../picture/texture.ts';
import { LIP_PLACES, type LipCurve, placeToU, smoothCurve } from './lip-curve.ts';
import { fromMouth, fromU, type MouthFrame } from './mouth-frame.ts';

/** Gaps between the lips, in widths of the mouth: they touch below the first, and are apart above the second. */
const TOUCHING = 0.025;
const APART = 0.06;
/** Pixels between candidate heights. */
const STEP = 0.5;

/**
 * Moves the lip lines to where the picture shows them. Landmarks are off by one or two pixels, enough to leave a seam
 * of teeth on a lip. The line of a closed mouth moves to the darkest path. The two lines of an open mouth move to the
 * largest step between lip and mouth: in redness if teeth show, else in brightness.
 */
export function snapLips(frame: MouthFrame, portrait: Texture, teeth: boolean): MouthFrame {
  const line = snapToDarkest(frame, blurPlane(lumaPlane(portrait), 0.8));
  if (!frame.open) {
    return { ...frame, upper: line, lower: line };
  }
  const plane = blurPlane(teeth ? rednessPlane(portrait) : lumaPlane(portrait), 0.6);
  // Lips that are apart only in the middle touch on both sides of it, where they share the dark line.
  const apart = frame.upper.map((height, place) =>
    smoothstep(TOUCHING, APART, (frame.lower[place]! - height) / frame.restWidth),
  );
  const mixed = (curve: LipCurve) =>
    curve.map((height, place) => line[place]! + (height - line[place]!) * apart[place]!);
  // A dark lip is brighter than the mouth but darker than the skin, so its outer edge must be out of reach.
  const rangeWithin = (thickness: number) =>
    Math.max(1, teeth ? 0.1 * frame.restWidth : Math.min(0.1 * frame.restWidth, 0.5 * thickness));
  const upper = mixed(snapToStep(frame, frame.upper, plane, -1, rangeWithin(frame.upperThickness)));
  const lower = mixed(snapToStep(frame, frame.lower, plane, 1, rangeWithin(frame.lowerThickness)));
  return { ...frame, upper, lower: lower.map((height, place) => Math.max(height, upper[place]!)) };
}

function snapToDarkest(frame: MouthFrame, luma: Plane): LipCurve {
  const middle = frame.upper.map((height, place) => (height + frame.lower[place]!) / 2);
  const range = 0.1 * frame.restWidth;
  const moved = bestPath(frame, middle, range, 2, 12, (x, y) => {
    const { x: px, y: py } = fromMouth(frame, x, y);
    return sampleAt(luma, px, py);
  });
  return smoothCurve(moved, [1, 2, 1]);
}

/** @param lipSide -1 if the lip is above the line, 1 if below */
function snapToStep(
  frame: MouthFrame,
  curve: LipCurve,
  plane: Plane,
  lipSide: -1 | 1,
  range: number,
): LipCurve {
  const reach = Math.max(1.5, 0.03 * frame.restWidth);
  const valueAt = (x: number, y: number) => {
    const { x: px, y: py } = fromMouth(frame, x, y);
    return sampleAt(plane, px, py);
  };
  const moved = bestPath(frame, curve, range, 3, 10, (x, y) => {
    const lip = valueAt(x, y + 0.5 * lipSide * reach) + valueAt(x, y + lipSide * reach);
    const mouth = valueAt(x, y - 0.5 * lipSide * reach) + valueAt(x, y - lipSide * reach);
    return -(lip - mouth) / 2;
  });
  return smoothCurve(moved, [1, 1, 1, 1, 1, 1, 1]);
}

/**
 * Finds the cheapest path through the places by dynamic programming. The costs are those of a height, of distance from
 * the curve, and of each step. The corners stay fixed.
 */
function bestPath(
  frame: MouthFrame,
  curve: LipCurve,
  range: number,
  stepCost: number,
  leaveCost: number,
  cost: (x: number, y: number) => number,
): LipCurve {
  const reach = Math.round(range / STEP);
  const options = 2 * reach + 1;
  const total = new Float32Array(LIP_PLACES * options);
  const from = new Uint16Array(LIP_PLACES * options);
  for (let place = 0; place < LIP_PLACES; place += 1) {
    const x = fromU(frame, placeToU(place));
    for (let option = 0; option < options; option += 1) {
      const offset = (option - reach) * STEP;
      const own = cost(x, curve[place]! + offset) + leaveCost * (offset / range) ** 2;
      let best = place === 0 ? 0 : Infinity;
      for (let before = 0; place > 0 && before < options; before += 1) {
        const sum = total[(place - 1) * options + before]! + stepCost * Math.abs(option - before) * STEP;
        if (sum < best) {
          best = sum;
          from[place * options + option] = before;
        }
      }
      total[place * options + option] = best + own;
    }
  }
  return walkBack(curve, total, from, options, reach);
}

function walkBack(
  curve: LipCurve,
  total: Float32Array,
  from: Uint16Array,
  options: number,
  reach: number,
): LipCurve {
  const last = total.subarray((LIP_PLACES - 1) * options);
  let option = last.indexOf(Math.min(...last));
  const moved = curve.slice();
  for (let place = LIP_PLACES - 1; place >= 0; place -= 1) {
    const held = 1 - smoothstep(0.8, 1, Math.abs(placeToU(place)));
    moved[place] = curve[place]! + (option - reach) * STEP * held;
    option = from[place * options + option]!;
  }
  return moved;
}
