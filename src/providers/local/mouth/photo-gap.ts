import { type Colour, luma } from '../face/face-colours.ts';
import { blue, green, red, type Texture } from '../picture/texture.ts';
import { LIP_PLACES, placeToU } from './lip-curve.ts';
import { fromMouth, fromU, gapRatio, type MouthFrame } from './mouth-frame.ts';

/** Share of the skin's brightness below which a pixel is the inside of the mouth, or the line between the lips. */
const DARK = 0.42;
/**
 * The gap according to the landmarks, in widths of the mouth, times the share of it that is dark or teeth: .04 to .2 if
 * the lips are apart, .01 to .03 if the landmarks are off.
 */
const MIN_GAP = 0.034;
/** Pale and bright: teeth. */
const PALE = 0.3;
const BRIGHT = 0.6;

/** Whether the picture confirms the gap of the landmarks, which are off by pixels. Touching lips must stay whole. */
export function showsGap(frame: MouthFrame, portrait: Texture, skin: Colour): boolean {
  let inside = 0;
  let gap = 0;
  for (let place = 0; place < LIP_PLACES; place += 1) {
    const x = fromU(frame, placeToU(place));
    for (let y = frame.upper[place]! + 0.5; y < frame.lower[place]!; y += 1) {
      const point = fromMouth(frame, x, y);
      const pixel = portrait.pixels[Math.round(point.y) * portrait.widthPx + Math.round(point.x)] ?? 0;
      const colour: Colour = [red(pixel), green(pixel), blue(pixel)];
      const saturation = 1 - Math.min(...colour) / Math.max(1, ...colour);
      const light = luma(colour) / Math.max(1, luma(skin));
      inside += 1;
      gap += light < DARK || (light > BRIGHT && saturation < PALE) ? 1 : 0;
    }
  }
  return inside > 0 && gapRatio(frame) * (gap / inside) > MIN_GAP;
}
