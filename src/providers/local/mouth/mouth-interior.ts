import { gauss, smoothstep } from '../curves.ts';
import type { FaceColours } from '../face/face-colours.ts';
import { times } from '../face/face-colours.ts';
import { pack } from '../picture/texture.ts';
import { overlapPx } from '../warp/mouth-fields.ts';
import { type MovedLips, movedHeightAt } from '../warp/moved-lips.ts';
import type { MouthFrame } from './mouth-frame.ts';
import type { Teeth } from './upper-teeth.ts';

/** The picture between the lips, in the mouth's coordinates of the current frame. */
export interface MouthInterior {
  prepare(lips: MovedLips, lowerDrop?: number): void;
  /** 0 on the lips, 1 between them. */
  opacityAt(x: number, y: number): number;
  /** Packed RGBA. Valid only right after `opacity` at the same point, if that was not 0. */
  colourAt(x: number, y: number): number;
}

/** Opacity of the line between the lips, and its width as a share of the mouth's. */
const LINE = 0.7;
const LINE_WIDTH = 0.016;

export function createMouthInterior(
  frame: MouthFrame,
  { skin, tooth }: FaceColours,
  teeth: Teeth | undefined,
): MouthInterior {
  const size = frame.restWidth;
  const softness = Math.max(0.8, 0.008 * size);
  const outset = frame.open ? overlapPx(frame) : 0;
  const cavity = times(skin, [0.16, 0.075, 0.07]).map((value, i) => value + [5, 3, 4][i]!);
  const tongue = times(skin, [0.62, 0.38, 0.42]);
  const lipShadow = times(skin, [0.38, 0.3, 0.3]);
  const lowerTooth = times(tooth, 0.62);
  const rgb = new Float32Array(3);
  let moved: MovedLips;
  let lowerDrop = 0;
  let upper = 0;
  let lower = 0;

  /** The shadow between touching lips, which the photo lacks if its lips are apart. */
  function lipLine(x: number, y: number): number {
    const closed = 1 - smoothstep(0.3, 2.5, lower - upper - 2 * outset);
    const fromCorner = Math.min(x - moved.left, moved.right - x) / (moved.right - moved.left);
    const fromLine = (y - (upper + lower) / 2) / (LINE_WIDTH * size + 0.4);
    return LINE * closed * smoothstep(0, 0.12, fromCorner) * gauss(fromLine);
  }

  function blend(colour: ArrayLike<number>, shade: number, opacity: number): void {
    for (let channel = 0; channel < 3; channel += 1) {
      rgb[channel] = rgb[channel]! + (colour[channel]! * shade - rgb[channel]!) * opacity;
    }
  }

  function paintCavity(y: number): void {
    const t = Math.min(1, Math.max(0, (y - upper) / Math.max(1, lower - upper)));
    for (let channel = 0; channel < 3; channel += 1) {
      rgb[channel] = cavity[channel]! * (0.75 + 0.5 * t);
    }
  }

  function paintTongue(u: number, y: number): void {
    const mound = Math.max(0, 1 - (u / 0.62) ** 2);
    const top = lower - (0.14 + 0.22 * 0.35) * size * Math.sqrt(mound);
    const deep = (y - top) / size;
    const shown =
      smoothstep(0.03, 0.25, (lower - upper) / size) *
      smoothstep(-0.01, 0.03, deep) *
      smoothstep(0, 0.3, mound);
    if (shown > 0) {
      blend(tongue, 0.3 + 0.55 * smoothstep(0, 0.22, deep), shown);
    }
  }

  function paintLowerTeeth(u: number, y: number): void {
    const below = (lower - y) / size;
    const shown =
      (0.15 + 0.5 * lowerDrop) *
      (1 - smoothstep(0.06, 0.085, below)) *
      (1 - smoothstep(0.5, 0.7, Math.abs(u))) *
      smoothstep(0.12, 0.25, (lower - upper) / size);
    if (shown > 0) {
      blend(lowerTooth, 0.7 + 0.3 * smoothstep(0, 0.07, below), shown);
    }
  }

  return {
    prepare(lips, drop = 0) {
      moved = lips;
      lowerDrop = drop;
    },

    opacityAt(x, y) {
      if (x <= moved.left || x >= moved.right) {
        return 0;
      }
      upper = movedHeightAt(moved, moved.upper, x) - outset;
      lower = movedHeightAt(moved, moved.lower, x) + outset;
      if (y < upper - 2 * softness || y > lower + 2 * softness) {
        return 0;
      }
      const slope = (curve: Float32Array) =>
        (movedHeightAt(moved, curve, x + 1) - movedHeightAt(moved, curve, x - 1)) / 2;
      const fromUpper = (y - upper) / Math.hypot(1, slope(moved.upper));
      const fromLower = (lower - y) / Math.hypot(1, slope(moved.lower));
      const between =
        smoothstep(-softness, softness, fromUpper) *
        smoothstep(-softness, softness, fromLower) *
        smoothstep(0.3, 2, lower - upper - 2 * outset);
      return Math.max(between, frame.open ? lipLine(x, y) : 0);
    },

    colourAt(x, y) {
      const u = (2 * (x - (moved.left + moved.right) / 2)) / (moved.right - moved.left);
      paintCavity(y);
      paintTongue(u, y);
      paintLowerTeeth(u, y);
      teeth?.paint(rgb, {
        x: x - moved.head.x,
        y: y - moved.head.y,
        u,
        gap: lower - upper - 1.4 * outset,
        underLip: y - upper,
      });
      if (frame.open) {
        blend(lipShadow, 1, 1 - smoothstep(0, 0.06 * size, lower - upper));
      }
      return pack(rgb[0]! + 0.5, rgb[1]! + 0.5, rgb[2]! + 0.5);
    },
  };
}
