import { clamp } from '../../../clamp.ts';
import { mean } from '../../../series.ts';
import { blue, green, red, type Texture } from '../picture/texture.ts';
import { type EyeFrame, fromEye } from './eye-frame.ts';

/** Maximum correction of a lid's ends, and of its middle relative to them, as shares of the eye's width. */
const ENDS = 0.14;
const MIDDLE = 0.14;
const STEP = 0.02;
/** Distances of the compared samples on both sides of an edge, as shares of the eye's width. */
const SIDES = [0.03, 0.06];
/** The compared columns: their range as a share of the half width, which avoids the corners, and their number. */
const SPAN = 0.8;
const COLUMNS = 15;
/** Cost of the maximum correction, relative to a step as large as the skin's own red. */
const PRICE = 0.1;

/** Red, 0 to 255, and redness, R - (G + B) / 2. */
type Sample = { red: number; redness: number };

/** Height of a lid at x, along the eye, according to the landmarks. */
type Lid = (x: number) => number;

/**
 * Moves the lids to where the picture shows them. Landmarks are sometimes off by a tenth of the eye, and then by the
 * same in both eyes. Each lid is only shifted and bent as a whole, so that a single lash or wrinkle has no influence.
 */
export function snapLids(eyes: EyeFrame[], portrait: Texture): EyeFrame[] {
  const snaps = eyes.map((eye) => createSnap(eye, portrait));
  const ends = best(offsets(ENDS), (offset) => {
    const scores = snaps.map(({ bestUpper, bestLower }) => bestUpper(offset).score + bestLower(offset).score);
    return mean(scores) - price(offset, ENDS);
  }).value;
  return snaps.map(({ bent, bestUpper, bestLower }) =>
    bent(ends, bestUpper(ends).value, bestLower(ends).value),
  );
}

/** Offsets are shares of the eye's width. */
function createSnap(eye: EyeFrame, portrait: Texture) {
  const { width } = eye;
  const half = width / 2;
  const columns = Array.from({ length: COLUMNS }, (_, i) => SPAN * half * ((2 * i) / (COLUMNS - 1) - 1));
  const skin = mean(columns.map((x) => sample(eye, portrait, x, eye.lowerLid(x) + 0.3 * width).red));
  const bend = (lid: Lid, ends: number, middle: number) => (x: number) =>
    lid(x) + width * (ends + middle * Math.max(0, 1 - (x / half) ** 2));

  /** Mean over the columns of the step from outside the eye (above: -1, below: 1) to its inside. */
  function score(lid: Lid, outward: 1 | -1, stepOf: (outside: Sample, inside: Sample) => number): number {
    const steps = columns.flatMap((x) =>
      SIDES.map((side) =>
        stepOf(
          sample(eye, portrait, x, lid(x) + outward * side * width),
          sample(eye, portrait, x, lid(x) - outward * side * width),
        ),
      ),
    );
    return mean(steps) / Math.max(1, skin);
  }
  const bestOf =
    (lid: Lid, outward: 1 | -1, stepOf: (outside: Sample, inside: Sample) => number) => (ends: number) =>
      best(
        offsets(MIDDLE),
        (middle) => score(bend(lid, ends, middle), outward, stepOf) - price(middle, MIDDLE),
      );
  return {
    bestUpper: bestOf(eye.upperLid, -1, stepDown),
    bestLower: bestOf(eye.lowerLid, 1, stepUp),
    bent: (ends: number, upper: number, lower: number): EyeFrame => ({
      ...eye,
      upperLid: bend(eye.upperLid, ends, upper),
      lowerLid: bend(eye.lowerLid, ends, lower),
    }),
  };
}

/** Lashes and their shadow are darker than the skin above them, and less red. */
function stepDown(outside: Sample, inside: Sample): number {
  return outside.redness - inside.redness + (outside.red - inside.red) / 2;
}

/** Skin is redder than the white of the eye, and differs in brightness from the iris. */
function stepUp(outside: Sample, inside: Sample): number {
  return outside.redness - inside.redness + Math.abs(outside.red - inside.red) / 2;
}

function price(offset: number, max: number): number {
  return PRICE * (offset / max) ** 2;
}

function offsets(max: number): number[] {
  const count = Math.round(max / STEP);
  return Array.from({ length: 2 * count + 1 }, (_, i) => (i - count) * STEP);
}

function best(values: number[], scoreOf: (value: number) => number): { value: number; score: number } {
  return values
    .map((value) => ({ value, score: scoreOf(value) }))
    .reduce((a, b) => (b.score > a.score ? b : a));
}

/** Interpolates between rows only: lids are nearly level, and the columns are dense. */
function sample(eye: EyeFrame, { widthPx, heightPx, pixels }: Texture, x: number, y: number): Sample {
  const point = fromEye(eye, x, y);
  const column = clamp(Math.round(point.x), 0, widthPx - 1);
  const row = clamp(point.y, 0, heightPx - 1.01);
  const share = row % 1;
  const [above, below] = [0, 1].map((k) => pixels[(Math.floor(row) + k) * widthPx + column]!) as [
    number,
    number,
  ];
  const [r, g, b] = [red, green, blue].map((of) => of(above) * (1 - share) + of(below) * share) as [
    number,
    number,
    number,
  ];
  return { red: r, redness: r - (g + b) / 2 };
}
