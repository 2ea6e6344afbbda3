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
/** Pale and bright: teeth. The second limit is for lips that are known to be apart. */
const PALE = { inGap: 0.3, inOpenMouth: 0.38 };
const BRIGHT = 0.6;
/** Minimum share of bright, pale pixels between the lips for teeth. A grin has .9, a small smile .4. */
const TEETH_SHARE = 0.25;

/** Whether the picture confirms the gap of the landmarks, which are off by pixels. Touching lips must stay whole. */
export function showsGap(frame: MouthFrame, portrait: Texture, skin: Colour): boolean {
  const pixels = pixelsBetweenLips(frame, portrait, { top: 0.5, bottom: 0 });
  const gap = pixels.filter(({ colour, saturation }) => {
    const light = luma(colour) / Math.max(1, luma(skin));
    return light < DARK || (light > BRIGHT && saturation < PALE.inGap);
  });
  return pixels.length > 0 && gapRatio(frame) * (gap.length / pixels.length) > MIN_GAP;
}

export function showsTeeth(frame: MouthFrame, portrait: Texture, skin: Colour): boolean {
  const pixels = pixelsBetweenLips(frame, portrait, { top: 1, bottom: 1 });
  const teeth = pixels.filter(
    ({ colour, saturation }) => luma(colour) > BRIGHT * luma(skin) && saturation < PALE.inOpenMouth,
  );
  return frame.open && pixels.length > 0 && teeth.length / pixels.length > TEETH_SHARE;
}

/** @param inset distances to the lips, in pixels */
function pixelsBetweenLips(
  frame: MouthFrame,
  portrait: Texture,
  inset: { top: number; bottom: number },
): Array<{ colour: Colour; saturation: number }> {
  const found: Array<{ colour: Colour; saturation: number }> = [];
  for (let place = 0; place < LIP_PLACES; place += 1) {
    const x = fromU(frame, placeToU(place));
    for (let y = frame.upper[place]! + inset.top; y < frame.lower[place]! - inset.bottom; y += 1) {
      const point = fromMouth(frame, x, y);
      const pixel = portrait.pixels[Math.round(point.y) * portrait.widthPx + Math.round(point.x)] ?? 0;
      const colour: Colour = [red(pixel), green(pixel), blue(pixel)];
      found.push({ colour, saturation: 1 - Math.min(...colour) / Math.max(1, ...colour) });
    }
  }
  return found;
}
