import { clamp } from '../../../clamp.ts';
import { smoothstep } from '../curves.ts';
import { type Colour, luma, times } from '../face/face-colours.ts';
import { blue, green, red, type Texture } from '../picture/texture.ts';
import { type EyeFrame, fromEye } from './eye-frame.ts';

/** Lines on the skin of the lid, as shares of the way from the lid up to the brow. */
const LID_LINES = [0.42, 0.485, 0.55];
/**
 * Distances below the lower lid, past the lashes, as shares of the eye's width. The brightest counts: darker is shadow
 * or make-up.
 */
const UNDER_EYE = [0.2, 0.3, 0.4];
/** Smoothing as a share of the eye's width, which removes wrinkles and lashes. */
const SMOOTHNESS = 0.12;
/** Weights of the hue of a closed lid. Mostly that of the cheeks, because lids have make-up or shade. */
const HUE = { above: 0.12, below: 0.23, cheek: 0.65 };
/** Mix of the brightness above and below the eye, at the top of the lid and at its edge. */
const DOWNWARD = [0.35, 0.5] as const;
/** Minimum brightness above the eye relative to below it. Darker is make-up, lashes or the brow. */
const MIN_LIGHT = 0.86;
/** How much darker a lid is at its ends than in its middle, because it is round. */
const ROUNDNESS = 0.07;
/** Extent from the centre, in widths of the eye. */
export const LID_REACH = 0.62;

/** Colour of a closed lid at x (pixels along the eye) and at a share of its height from the top. */
export type LidSkin = (x: number, share: number, channel: number) => number;

/** With open eyes there is almost no lid to stretch: its colour is taken from above and below the eye. */
export function lidSkinOf(eye: EyeFrame, portrait: Texture, skin: Colour): LidSkin {
  const reach = Math.ceil(LID_REACH * eye.width);
  const above = smoothLine(reach, eye.width, (x) => {
    const samples = LID_LINES.map((share) => {
      const lid = eye.upperLid(x);
      return colourAt(eye, portrait, x, lid + share * (eye.brow(x) - lid));
    });
    return [0, 1, 2].map(
      (channel) => samples.reduce((sum, sample) => sum + sample[channel]!, 0) / samples.length,
    );
  });
  const below = smoothLine(reach, eye.width, (x) =>
    UNDER_EYE.map((share) => colourAt(eye, portrait, x, eye.lowerLid(x) + share * eye.width)).reduce(
      (a, b) => (luma(b) > luma(a) ? b : a),
    ),
  );
  const columns = Array.from({ length: 2 * reach + 1 }, (_, column) => {
    const pick = (line: number[][]): Colour => [line[0]![column]!, line[1]![column]!, line[2]![column]!];
    const [from, to] = [pick(above), pick(below)];
    const mixed = [0, 1, 2].map(
      (channel) => HUE.above * from[channel]! + HUE.below * to[channel]! + HUE.cheek * skin[channel]!,
    ) as unknown as Colour;
    return {
      from,
      hue: times(mixed, 1 / Math.max(1, luma(mixed))),
      lumas: [Math.max(luma(from), MIN_LIGHT * luma(to)), luma(to)] as const,
    };
  });
  return (x, share, channel) => {
    const { from, hue, lumas } = columns[clamp(Math.round(x) + reach, 0, 2 * reach)]!;
    const down = DOWNWARD[0] + DOWNWARD[1] * share;
    const light = (lumas[0] * (1 - down) + 0.96 * lumas[1] * down) * (1 - ROUNDNESS * (2 * share - 1) ** 2);
    // The top of the lid keeps the photo's colour; further down, make-up and shade fade to skin.
    const own = smoothstep(0, 0.6, share);
    return from[channel]! * (1 - own) + hue[channel]! * light * own;
  };
}

function colourAt(eye: EyeFrame, { widthPx, heightPx, pixels }: Texture, x: number, y: number): Colour {
  const point = fromEye(eye, x, y);
  const column = clamp(Math.round(point.x), 0, widthPx - 1);
  const row = clamp(Math.round(point.y), 0, heightPx - 1);
  const pixel = pixels[row * widthPx + column]!;
  return [red(pixel), green(pixel), blue(pixel)];
}

/** A smoothed line of colours from -reach to reach, one list per channel. */
function smoothLine(reach: number, width: number, colour: (x: number) => readonly number[]): number[][] {
  const raw = Array.from({ length: 2 * reach + 1 }, (_, i) => colour(i - reach));
  const sigma = SMOOTHNESS * width;
  return [0, 1, 2].map((channel) =>
    raw.map((_, at) => {
      let sum = 0;
      let total = 0;
      for (let i = 0; i < raw.length; i += 1) {
        const weight = Math.exp(-0.5 * ((i - at) / sigma) ** 2);
        sum += weight * raw[i]![channel]!;
        total += weight;
      }
      return sum / total;
    }),
  );
}
