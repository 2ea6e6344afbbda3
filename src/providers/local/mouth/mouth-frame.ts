import { MESH } from '../face/face-mesh.ts';
import {
  between,
  direction,
  distance,
  eyeDistance,
  type FacePoints,
  faceHeight,
  faceYaw,
  type Point,
  pointAt,
} from '../face/face-points.ts';
import { curveThrough, heightAt, type LipCurve } from './lip-curve.ts';

/** Minimum gap for parted lips, as a share of the mouth's width. */
const OPEN_GAP = 0.06;

/**
 * Coordinates of the mouth: a point is origin + x across + y down. The axes may be skewed, which compensates for
 * moderate turns of the head. Lengths are in pixels of the video's frame.
 */
export interface MouthFrame {
  /** The middle between the lips. */
  origin: Point;
  /** Unit vector from the left to the right corner. */
  across: Point;
  /** Unit vector from the origin to the chin. */
  down: Point;
  /** Distances from the origin to the corners, along `across`. */
  leftWidth: number;
  rightWidth: number;
  /** Distance from the origin to the chin. */
  chin: number;
  /** Position of the base of the nose along `down`, negative. */
  noseBase: number;
  /** Width of the mouth at rest, even if it is open or smiling in the photo. Amplitudes are shares of it. */
  restWidth: number;
  /** The lower edge of the upper lip and the upper edge of the lower one. */
  upper: LipCurve;
  lower: LipCurve;
  /** Whether the lips are apart in the photo. */
  open: boolean;
  /** Heights of the lips in the middle. */
  upperThickness: number;
  lowerThickness: number;
}

/** The mouth according to the landmarks. `snapLips` corrects it by the picture. */
export function mouthFrameOf(points: FacePoints): MouthFrame {
  const left = pointAt(points, MESH.leftMouthCorner);
  const right = pointAt(points, MESH.rightMouthCorner);
  const chin = pointAt(points, MESH.chin);
  const origin = between(pointAt(points, MESH.upperLipMiddle), pointAt(points, MESH.lowerLipMiddle));
  const axes = { origin, across: direction(left, right), down: direction(origin, chin) };
  const leftCorner = toMouth(axes, left);
  const rightCorner = toMouth(axes, right);
  const frame = { ...axes, leftWidth: -leftCorner.x, rightWidth: rightCorner.x };
  const curveOf = (landmarks: readonly number[]) =>
    curveThrough(
      [left, ...landmarks.map((index) => pointAt(points, index)), right].map((point) => {
        const { x, y } = toMouth(axes, point);
        return { u: toU(frame, x), height: y };
      }),
    );
  const lips = {
    ...frame,
    upper: curveOf(MESH.upperInnerLip),
    lower: curveOf(MESH.lowerInnerLip),
  };
  return {
    ...lips,
    open: gapRatio(lips) > OPEN_GAP,
    upperThickness: distance(pointAt(points, MESH.upperLipTop), pointAt(points, MESH.upperLipMiddle)),
    lowerThickness: distance(pointAt(points, MESH.lowerLipBottom), pointAt(points, MESH.lowerLipMiddle)),
    chin: distance(origin, chin),
    noseBase: toMouth(axes, pointAt(points, MESH.noseBase)).y,
    restWidth: 0.5 * ((0.6 * eyeDistance(points)) / Math.cos(faceYaw(points)) + 0.33 * faceHeight(points)),
  };
}

type Lips = Pick<MouthFrame, 'upper' | 'lower' | 'leftWidth' | 'rightWidth'>;
type MouthAxes = Pick<MouthFrame, 'origin' | 'across' | 'down'>;

export function toMouth({ origin, across, down }: MouthAxes, point: Point): Point {
  const [px, py] = [point.x - origin.x, point.y - origin.y];
  const determinant = across.x * down.y - across.y * down.x;
  return {
    x: (px * down.y - py * down.x) / determinant,
    y: (across.x * py - across.y * px) / determinant,
  };
}

export function fromMouth({ origin, across, down }: MouthAxes, x: number, y: number): Point {
  return { x: origin.x + x * across.x + y * down.x, y: origin.y + x * across.y + y * down.y };
}

/** -1 at the left corner, 0 at the origin, 1 at the right corner. */
export function toU(
  { leftWidth, rightWidth }: Pick<MouthFrame, 'leftWidth' | 'rightWidth'>,
  x: number,
): number {
  return x < 0 ? x / leftWidth : x / rightWidth;
}

export function fromU({ leftWidth, rightWidth }: MouthFrame, u: number): number {
  return u < 0 ? u * leftWidth : u * rightWidth;
}

/** Gap between the lips at u, in pixels, at least 0. */
export function gapAt({ upper, lower }: Lips, u: number): number {
  return Math.max(0, heightAt(lower, u) - heightAt(upper, u));
}

/** Widest gap between the lips, as a share of the mouth's width: up to .03 closed, from .11 parted, .26 a grin. */
export function gapRatio({ upper, lower, leftWidth, rightWidth }: Lips): number {
  return (
    upper.reduce((widest, height, place) => Math.max(widest, lower[place]! - height), 0) /
    (leftWidth + rightWidth)
  );
}
