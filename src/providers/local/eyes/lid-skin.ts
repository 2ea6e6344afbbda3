import { type Colour, luma } from '../face/face-colours.ts';
import { blue, green, red, type Texture } from '../picture/texture.ts';
import { type EyeFrame, fromEye } from './eye-frame.ts';

/** Of the way from the lid up to the brow: where there is skin of the lid, whatever the crease does. */
const LID_LINES = [0.42, 0.485, 0.55];
/** Of the eye's width, below the lower lid: past the lashes. */
const UNDER_EYE = 0.2;
/** Of the eye's width: no wrinkle or lash survives it. */
const SMOOTHNESS = 0.12;
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
    colourAt(eye, portrait, x, eye.lowerLid(x) + UNDER_EYE * eye.width),
  );
  // In the light that falls on this eye: deep-set eyes lie in the shade.
  const light = Math.min(1, meanLuma(above) / Math.max(1, luma(skin))) ** 0.6;
  return (x, share, channel) => {
    const column = Math.min(Math.max(Math.round(x) + reach, 0), 2 * reach);
    const fromBelow = share * (0.4 + 0.6 * light);
    const own = above[channel]![column]! * (1 - fromBelow) + below[channel]![column]! * fromBelow;
    return 0.65 * own + 0.35 * 0.93 * light * skin[channel]!;
  };
}

function meanLuma(line: number[][]): number {
  const sum = line[0]!.reduce((total, r, i) => total + luma([r, line[1]![i]!, line[2]![i]!]), 0);
  return sum / line[0]!.length;
}

function colourAt(eye: EyeFrame, { widthPx, heightPx, pixels }: Texture, x: number, y: number): number[] {
  const point = fromEye(eye, x, y);
  const column = Math.min(Math.max(Math.round(point.x), 0), widthPx - 1);
  const row = Math.min(Math.max(Math.round(point.y), 0), heightPx - 1);
  const pixel = pixels[row * widthPx + column]!;
  return [red(pixel), green(pixel), blue(pixel)];
}

/** One smoothed line of colours from -reach to reach, a list a channel. */
function smoothLine(reach: number, width: number, colour: (x: number) => number[]): number[][] {
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
