import { clamp } from '../../../clamp.ts';
import { LIP_PLACES, placeToU } from '../mouth/lip-curve.ts';
import { fromMouth, fromU, type MouthFrame } from '../mouth/mouth-frame.ts';
import type { Displacements } from './displacements.ts';
import { fieldAt, type WarpGrid } from './warp-grid.ts';

/** Edges of the lips in the current frame, in coordinates of the mouth at rest. */
export interface MovedLips {
  /** The corners. */
  left: number;
  right: number;
  /** Top and bottom of both edges. */
  top: number;
  bottom: number;
  /** Largest displacement of a lip, without the head's motion, in pixels. */
  movement: number;
  /** Heights every half pixel from `left` to `right`. */
  upper: Float32Array;
  lower: Float32Array;
  /** The origin, moved by the head alone. */
  head: { x: number; y: number };
}

/** Pixels between two heights. */
const LIP_STEP = 0.5;

export function createMovedLips(frame: MouthFrame, grid: WarpGrid) {
  const capacity = Math.ceil((2 * (frame.leftWidth + frame.rightWidth)) / LIP_STEP) + 2;
  const lips: MovedLips = {
    left: 0,
    right: 0,
    top: 0,
    bottom: 0,
    movement: 0,
    upper: new Float32Array(capacity),
    lower: new Float32Array(capacity),
    head: { x: 0, y: 0 },
  };
  const determinant = frame.across.x * frame.down.y - frame.across.y * frame.down.x;
  const xs = new Float32Array(LIP_PLACES);
  const ys = new Float32Array(LIP_PLACES);

  /** Moves the places of one lip into xs and ys, and records the largest displacement. */
  function movePlaces(curve: Float32Array, side: 'above' | 'below', displacements: Displacements): void {
    for (let place = 0; place < LIP_PLACES; place += 1) {
      const x = fromU(frame, placeToU(place));
      const y = curve[place]!;
      const point = fromMouth(frame, x, y);
      const dx = fieldAt(displacements[side].x, grid, point.x, point.y);
      const dy = fieldAt(displacements[side].y, grid, point.x, point.y);
      const own = Math.hypot(
        dx - fieldAt(displacements.head.x, grid, point.x, point.y),
        dy - fieldAt(displacements.head.y, grid, point.x, point.y),
      );
      lips.movement = Math.max(lips.movement, own);
      xs[place] = x + (dx * frame.down.y - dy * frame.down.x) / determinant;
      ys[place] = y + (frame.across.x * dy - frame.across.y * dx) / determinant;
    }
  }

  function drawCurve(target: Float32Array): void {
    const steps = Math.min(capacity - 1, Math.ceil((lips.right - lips.left) / LIP_STEP));
    let place = 0;
    for (let i = 0; i <= steps; i += 1) {
      const x = lips.left + i * LIP_STEP;
      while (place < LIP_PLACES - 2 && xs[place + 1]! < x) {
        place += 1;
      }
      const t = clamp((x - xs[place]!) / (xs[place + 1]! - xs[place]!), 0, 1);
      target[i] = ys[place]! + (ys[place + 1]! - ys[place]!) * t;
    }
    target.fill(target[steps]!, steps + 1);
  }

  return {
    lips,
    update(displacements: Displacements): void {
      lips.movement = 0;
      movePlaces(frame.upper, 'above', displacements);
      lips.left = xs[0]!;
      lips.right = xs[LIP_PLACES - 1]!;
      lips.top = Math.min(...ys);
      lips.bottom = Math.max(...ys);
      drawCurve(lips.upper);
      movePlaces(frame.lower, 'below', displacements);
      lips.top = Math.min(lips.top, ...ys);
      lips.bottom = Math.max(lips.bottom, ...ys);
      drawCurve(lips.lower);
      const dx = fieldAt(displacements.head.x, grid, frame.origin.x, frame.origin.y);
      const dy = fieldAt(displacements.head.y, grid, frame.origin.x, frame.origin.y);
      lips.head.x = (dx * frame.down.y - dy * frame.down.x) / determinant;
      lips.head.y = (frame.across.x * dy - frame.across.y * dx) / determinant;
    },
  };
}

/** Height of a lip at x, constant beyond the corners. */
export function movedHeightAt(lips: MovedLips, curve: Float32Array, x: number): number {
  const last = (lips.right - lips.left) / LIP_STEP;
  const at = clamp((x - lips.left) / LIP_STEP, 0, last);
  const i = Math.floor(at);
  return curve[i]! + (curve[i + 1]! - curve[i]!) * (at - i);
}

/** Whether a point is below the lip line: 0 above, 1 below, blended beyond the corners. */
export function belowShare(lips: MovedLips, chin: number, x: number, y: number): number {
  const fromMiddle = y - (movedHeightAt(lips, lips.upper, x) + movedHeightAt(lips, lips.lower, x)) / 2;
  const middle = (lips.left + lips.right) / 2;
  const beyond = Math.abs(x - middle) / ((lips.right - lips.left) / 2);
  const softness = 0.12 * chin * clamp((beyond - 1) / 0.25, 0, 1);
  if (softness < 1e-3) {
    return fromMiddle > 0 ? 1 : 0;
  }
  return clamp(0.5 + fromMiddle / (2 * softness), 0, 1);
}
