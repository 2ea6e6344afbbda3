import { clamp } from '../../../clamp.ts';
import { smoothstep } from '../curves.ts';
import type { Colour } from '../face/face-colours.ts';
import { heightAt } from './lip-curve.ts';
import { type MouthFrame, toU } from './mouth-frame.ts';

interface ToothPlace {
  /** In the mouth's coordinates of the photo, because teeth are fixed to the head. */
  x: number;
  y: number;
  /** -1 to 1 between the corners of the current frame. */
  u: number;
  /** Gap between the lips here, and distance below the upper lip, in pixels. */
  gap: number;
  underLip: number;
}

export interface Teeth {
  /** Paints teeth over a colour, 0 to 255. */
  paint(rgb: Float32Array, place: ToothPlace): void;
}

/** Borders of the teeth along the arch from the middle, in widths of the mouth: central, lateral, canine, premolar. */
const BORDERS = [0, 0.165, 0.295, 0.435, 0.57];
/** How much shorter each tooth is than the first. */
const SHORTER = [0, 0.018, 0.004, 0.02];
const ARCH_RADIUS = 0.56;

/**
 * Synthetic upper teeth for photos without any: an arch behind the lip, lit from the front, darker towards the corners.
 */
export function createUpperTeeth(frame: MouthFrame, tooth: Colour): Teeth {
  const size = frame.restWidth;
  const photoGap = Math.max(0, heightAt(frame.lower, 0) - heightAt(frame.upper, 0));
  const edge = Math.max(0.075 * size, frame.open ? 0.6 * photoGap : 0);
  const gapWidth = Math.max(0.7, 0.01 * size);

  return {
    paint(rgb, { x, y, u, gap, underLip }) {
      const across = x / size;
      if (Math.abs(across) >= ARCH_RADIUS) {
        return;
      }
      const angle = Math.asin(across / ARCH_RADIUS);
      const arc = Math.abs(angle) * ARCH_RADIUS;
      const index = BORDERS.findIndex((border) => arc < border) - 1;
      if (index < 0) {
        return;
      }
      const [from, to] = [BORDERS[index]!, BORDERS[index + 1]!];
      const s = (2 * (arc - from)) / (to - from) - 1;
      const bottom =
        heightAt(frame.upper, toU(frame, x)) +
        edge -
        size * (0.085 * across * across + SHORTER[index]! + 0.016 * Math.abs(s) ** 3);
      const shown =
        smoothstep(0.025 * size, 0.085 * size, gap) *
        (1 - smoothstep(0.62, 0.88, Math.abs(u))) *
        (1 - smoothstep(-0.7, 0.7, y - bottom));
      if (shown <= 0) {
        return;
      }
      const toBorder = Math.min(arc - from || to - arc, to - arc) * size;
      const border = 1 - 0.2 * Math.exp(-0.5 * (Math.min(toBorder, (arc - from) * size) / gapWidth) ** 2);
      const light =
        (0.45 + 0.55 * Math.cos(angle)) *
        (0.7 + 0.3 * smoothstep(0, 0.055 * size, underLip)) *
        (1 - 0.55 * smoothstep(0.45, 0.85, Math.abs(u))) *
        (0.8 + 0.2 * clamp(gap / (0.3 * size), 0, 1)) *
        border;
      for (let channel = 0; channel < 3; channel += 1) {
        rgb[channel] = rgb[channel]! + (tooth[channel]! * light - rgb[channel]!) * shown;
      }
    },
  };
}
