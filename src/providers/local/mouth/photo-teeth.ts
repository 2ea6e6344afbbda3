import { smoothstep } from '../curves.ts';
import { blue, green, red, type Texture } from '../picture/texture.ts';
import { samplePacked } from '../warp/sample-texture.ts';
import { heightAt } from './lip-curve.ts';
import { fromMouth, type MouthFrame, toU } from './mouth-frame.ts';
import type { Teeth } from './upper-teeth.ts';

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
