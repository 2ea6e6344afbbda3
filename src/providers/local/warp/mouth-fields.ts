import { gauss, smoothstep } from '../curves.ts';
import type { MouthParameter } from '../motion/pose.ts';
import { heightAt } from '../mouth/lip-curve.ts';
import { gapAt, type MouthFrame, toMouth, toU } from '../mouth/mouth-frame.ts';
import { boxOf, type Field, type NodeBox, nodesOf, type WarpGrid } from './warp-grid.ts';

/**
 * Displacement of the skin by each parameter, in pixels at full effect, separately for the skin above and below the lip
 * line. Both agree outside the mouth's corners. `wide` moves along `across`, all others along `down`.
 */
export interface MouthFields {
  above: Record<MouthParameter, Field>;
  below: Record<MouthParameter, Field>;
  box: NodeBox;
}

/** Lips stick together beyond this |u|. */
const CORNER = 0.9;
/** Share of the jaw's movement that the upper lip and the corners follow. */
const FOLLOW = 0.3;

/** Position of a pixel, in the terms of the formulas. */
interface Place {
  u: number;
  /** |u| relative to where the lips part. */
  h: number;
  /** Below the line of the lower lip: 1 is the chin. Above it: 0. */
  chinward: number;
  /** Distance above the line of the upper lip, as a share of that to the chin. */
  upward: number;
  /** Above the line of the upper lip: 1 is the base of the nose. */
  noseward: number;
  /** Distance below the middle between both lines, as a share of that to the chin. */
  fromLine: number;
  gap: number;
}

type Formula = (place: Place) => number;

export function mouthFieldsOf(frame: MouthFrame, grid: WarpGrid): MouthFields {
  const size = frame.restWidth;
  const places = nodesOf(grid).map(({ x, y }) => placeOf(frame, x, y));
  const scaled = (amplitude: number, formula: Formula): Field =>
    Float32Array.from(places, (place) => amplitude * formula(place));
  const wide = scaled(0.5 * size, widening);
  const none = scaled(0, () => 0);
  const cheeks = scaled(-0.045 * size, cheekLift);
  const above = {
    jaw: scaled(0.4 * size, jawAbove),
    wide,
    thick: scaled(-0.06 * size, ({ u, noseward }) => arc(u) * gauss((noseward - 0.45) / 0.4)),
    upperRaise: scaled(-0.1 * size, ({ u, noseward }) => arc(u) ** 0.8 * (1 - smoothstep(0, 1, noseward))),
    lowerDrop: none,
    close: scaled(0.35, ({ gap, noseward }) => gap * (1 - smoothstep(0, 1, noseward))),
    cheeks,
    press: scaled(0.035 * size, ({ u, noseward }) => arc(u) * gauss((noseward - 0.3) / 0.3)),
  };
  const below = {
    jaw: scaled(0.4 * size, jawBelow),
    wide,
    thick: scaled(0.06 * size, ({ u, chinward }) => arc(u) * gauss((chinward - 0.28) / 0.28)),
    upperRaise: none,
    lowerDrop: scaled(
      0.1 * size,
      ({ u, chinward }) => Math.max(0, 1 - Math.abs(u) ** 2.2) * (1 - smoothstep(0, 0.62, chinward)),
    ),
    close: scaled(
      -0.65,
      ({ gap, chinward }) =>
        gap * (1 - 0.65 * smoothstep(0, 0.5, chinward)) * (1 - smoothstep(0.6, 1.9, chinward)),
    ),
    cheeks,
    press: scaled(-0.045 * size, ({ u, chinward }) => arc(u) * gauss((chinward - 0.22) / 0.22)),
  };
  return { above, below, box: boxOf([...Object.values(above), ...Object.values(below)], grid) };
}

/** Overlap of the lips, in pixels, so that an open mouth really closes. Teeth would shine through any seam. */
export function overlapPx(frame: MouthFrame): number {
  return Math.max(0.8, 0.026 * frame.restWidth);
}

function placeOf(frame: MouthFrame, px: number, py: number): Place {
  const { x, y } = toMouth(frame, { x: px, y: py });
  const u = toU(frame, x);
  const upper = heightAt(frame.upper, u);
  const lower = heightAt(frame.lower, u);
  const overlap = frame.open ? 1.9 * overlapPx(frame) * arc(u) : 0;
  return {
    u,
    h: Math.abs(u) / CORNER,
    chinward: Math.max(0, (y - lower) / (frame.chin - heightAt(frame.lower, 0))),
    upward: Math.max(0, (upper - y) / frame.chin),
    noseward: Math.max(0, (upper - y) / Math.max(upper - frame.noseBase, 0.3 * frame.chin)),
    fromLine: (y - (upper + lower) / 2) / frame.chin,
    gap: Math.abs(u) < 1 ? gapAt(frame, u) + overlap : 0,
  };
}

/** 1 in the middle, 0 from the corners on. */
function arc(u: number): number {
  return Math.max(0, 1 - u * u);
}

function jawAbove({ h, upward }: Place): number {
  const corner = h < 1 ? gauss((1 - h) / 0.28) : 1 - smoothstep(0, 1, h - 1);
  return FOLLOW * corner * gauss(upward / 0.45);
}

function jawBelow({ u, h, chinward }: Place): number {
  const lip = h < 1 ? FOLLOW + (1 - FOLLOW) * (1 - h ** 2.2) ** 0.9 : FOLLOW * (1 - smoothstep(0, 1, h - 1));
  const chin = 0.74 * Math.cos((Math.PI / 2) * Math.min(1, Math.abs(u) / 2.5)) ** 2;
  const t = smoothstep(0, 0.75, chinward);
  return ((1 - t) * lip + t * chin) * (1 - smoothstep(1.02, 2.1, chinward));
}

function widening({ u, fromLine }: Place): number {
  const along = Math.abs(u) < 1 ? u : Math.sign(u) * (1 - smoothstep(0, 1.3, Math.abs(u) - 1));
  return along * gauss(fromLine / 0.62);
}

/** Beside and above the corners. The same on both sides of the lip line. */
function cheekLift({ u, fromLine }: Place): number {
  return gauss((Math.abs(u) - 1.4) / 0.5) * gauss((fromLine + 0.5) / 0.4);
}
