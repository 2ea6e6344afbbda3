import type { Colour } from '../face/face-colours.ts';
import { luma } from '../face/face-colours.ts';
import { blue, green, red, type Texture } from '../picture/texture.ts';
import { smoothstep } from '../smoothstep.ts';
import { samplePacked } from '../warp/sample-texture.ts';
import { heightAt, LIP_PLACES, placeToU } from './lip-curve.ts';
import { fromMouth, fromU, type MouthFrame, toU } from './mouth-frame.ts';
import type { Teeth } from './upper-teeth.ts';

/** Minimum share of bright, pale pixels between the lips for teeth. A grin has .9, a small smile .4. */
const TEETH_SHARE = 0.25;

export function showsTeeth(frame: MouthFrame, portrait: Texture, skin: Colour): boolean {
  let inside = 0;
  let teeth = 0;
  for (let place = 0; place < LIP_PLACES; place += 1) {
    const x = fromU(frame, placeToU(place));
    for (let y = frame.upper[place]! + 1; y < frame.lower[place]! - 1; y += 1) {
      const point = fromMouth(frame, x, y);
      const pixel = portrait.pixels[Math.round(point.y) * portrait.widthPx + Math.round(point.x)] ?? 0;
      const colour: Colour = [red(pixel), green(pixel), blue(pixel)];
      const saturation = 1 - Math.min(...colour) / Math.max(1, ...colour);
      inside += 1;
      teeth += luma(colour) > 0.6 * luma(skin) && saturation < 0.38 ? 1 : 0;
    }
  }
  return frame.open && inside > 0 && teeth / inside > TEETH_SHARE;
}

/** The teeth in the photo, fixed to the head. Below the photo's lower lip they fade into the dark. */
export function createPhotoTeeth(frame: MouthFrame, portrait: Texture): Teeth {
  const size = frame.restWidth;
  const { widthPx, heightPx, pixels } = portrait;

  return {
    paint(rgb, { x, y }) {
      const u = toU(frame, x);
      if (Math.abs(u) >= 1) {
        return;
      }
      const upper = heightAt(frame.upper, u);
      const lower = heightAt(frame.lower, u);
      const point = fromMouth(
        frame,
        x,
        Math.min(Math.max(y, upper + 0.8), Math.max(upper + 0.8, lower - 0.8)),
      );
      const sx = Math.min(Math.max(point.x, 0), widthPx - 1.01);
      const sy = Math.min(Math.max(point.y, 0), heightPx - 1.01);
      const at = Math.floor(sy) * widthPx + Math.floor(sx);
      const pixel = samplePacked(pixels, widthPx, at, ((sx % 1) * 256) | 0, ((sy % 1) * 256) | 0);
      const shown = 1 - smoothstep(0, 0.022 * size, y - lower);
      const colour = [red(pixel), green(pixel), blue(pixel)];
      for (let channel = 0; channel < 3; channel += 1) {
        rgb[channel] = rgb[channel]! + (colour[channel]! - rgb[channel]!) * shown;
      }
    },
  };
}
