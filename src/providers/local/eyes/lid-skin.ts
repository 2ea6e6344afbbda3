import { type Colour, luma, times } from '../face/face-colours.ts';
import { blue, green, red, type Texture } from '../picture/texture.ts';
import { clamp, smoothstep } from '../smoothstep.ts';
import { type EyeFrame, fromEye } from './eye-frame.ts';

/** Of the way from the lid up to the brow: where there is skin of the lid, whatever the crease does. */
const LID_LINES = [0.42, 0.485, 0.55];
/** Of the eye's width, below the lower lid: past the lashes. The brightest counts: what is darker is their shadow, or paint. */
const UNDER_EYE = [0.2, 0.3, 0.4];
/** Of the eye's width: no wrinkle or lash survives it. */
const SMOOTHNESS = 0.12;
/** Whose hue a closed lid has: that of the cheeks most of all, as lids are painted or in the shade. */
const HUE = { above: 0.12, below: 0.23, cheek: 0.65 };
/** Of the way from the light above the eye to that below it, at the top of the lid and more at its edge. */
const DOWNWARD = [0.35, 0.5] as const;
/** Of the light below the eye: what is darker above it is paint, lashes or the brow. */
const LEAST_LIGHT = 0.86;
/** By which a lid is darker at its ends than in its middle: it is round. */
const ROUNDNESS = 0.07;
/** How far beyond the corners, in widths of the eye. */
export const LID_REACH = 0.62;

/** Colour of a closed lid at x (pixels along the eye) and at a share of the way down. */
export type LidSkin = (x: number, share: number, channel: number) => number;

/** There is almost no lid to stretch in a photo with open eyes: its colour is taken from above and from below the eye. */
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
      lumas: [Math.max(luma(from), LEAST_LIGHT * luma(to)), luma(to)] as const,
    };
  });
  return (x, share, channel) => {
    const { from, hue, lumas } = columns[clamp(Math.round(x) + reach, 0, 2 * reach)]!;
    const down = DOWNWARD[0] + DOWNWARD[1] * share;
    const light = (lumas[0] * (1 - down) + 0.96 * lumas[1] * down) * (1 - ROUNDNESS * (2 * share - 1) ** 2);
    // At its upper end the lid is what is seen there; further down paint and shade give way to skin.
    const own = smoothstep(0, 0.6, share);
    return from[channel]! * (1 - own) + hue[channel]! * light * own;
  };
}

function colourAt(eye: EyeFrame, { widthPx, heightPx, pixels }: Texture, x: number, y: number): Colour {
  const point = fromEye(eye, x, y);
  const column = Math.min(Math.max(Math.round(point.x), 0), widthPx - 1);
  const row = Math.min(Math.max(Math.round(point.y), 0), heightPx - 1);
  const pixel = pixels[row * widthPx + column]!;
  return [red(pixel), green(pixel), blue(pixel)];
}

/** One smoothed line of colours from -reach to reach, a list a channel. */
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
