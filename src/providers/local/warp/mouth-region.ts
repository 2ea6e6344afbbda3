import { smoothstep } from '../curves.ts';
import { heightAt } from '../mouth/lip-curve.ts';
import type { MouthFrame } from '../mouth/mouth-frame.ts';
import type { MouthInterior } from '../mouth/mouth-interior.ts';
import type { Texture } from '../picture/texture.ts';
import type { Displacements } from './displacements.ts';
import type { VectorField } from './head-fields.ts';
import { overlapPx } from './mouth-fields.ts';
import { belowShare, type MovedLips } from './moved-lips.ts';
import { mixPacked, over, samplePacked } from './sample-texture.ts';
import { vectorAt, type WarpGrid } from './warp-grid.ts';

/** Extent of the region to the sides, in half widths of the mouth. */
const WIDTH = 1.5;
/** Extent above and below the lips, as a share of the distance to the chin. */
const HEIGHT = 0.3;
const ROUNDS = 2;

/**
 * Redraws the area around the lips pixel by pixel, because a cell of the grid may lie on both sides of the lip line.
 * Keeps source points on their own side of the line. Otherwise the dark line and the teeth smear along the lip as beads.
 */
export function createMouthRegion(
  frame: MouthFrame,
  interior: MouthInterior,
  person: Texture,
  plate: Texture,
  grid: WarpGrid,
) {
  const { across, down, origin, leftWidth, rightWidth, chin } = frame;
  const determinant = across.x * down.y - across.y * down.x;
  const { widthPx, heightPx } = person;
  const maxX = (widthPx - 1.01) * 256;
  const maxY = (heightPx - 1.01) * 256;
  const keepAbove = frame.open ? overlapPx(frame) : 0.3;
  const keepBelow = frame.open ? 0.9 * overlapPx(frame) : 0.5;

  /** Displacements of the last pixel on each side: the next pixel starts from them. */
  const fromAbove = new Float64Array(2);
  const fromBelow = new Float64Array(2);
  const fromBoth = new Float64Array(2);

  function corners(lips: MovedLips) {
    const middle = (lips.left + lips.right) / 2;
    const half = (WIDTH * (lips.right - lips.left)) / 2;
    const ys = [lips.top - HEIGHT * chin, lips.bottom + HEIGHT * chin];
    const points = ys.flatMap((y) =>
      [middle - half, middle + half].map((x) => ({
        x: origin.x + x * across.x + y * down.x,
        y: origin.y + x * across.y + y * down.y,
      })),
    );
    return {
      left: Math.max(0, Math.floor(Math.min(...points.map((p) => p.x)))),
      right: Math.min(widthPx, Math.ceil(Math.max(...points.map((p) => p.x)))),
      top: Math.max(0, Math.floor(Math.min(...points.map((p) => p.y)))),
      bottom: Math.min(heightPx, Math.ceil(Math.max(...points.map((p) => p.y)))),
    };
  }

  return (displacements: Displacements, source: VectorField, lips: MovedLips, out: Uint32Array): void => {
    const moving = smoothstep(0.15, 0.9, lips.movement);
    if (moving === 0) {
      return;
    }
    const region = corners(lips);

    for (let py = region.top; py < region.bottom; py += 1) {
      for (const start of [fromAbove, fromBelow]) {
        start[0] = lips.head.x;
        start[1] = lips.head.y;
      }
      for (let px = region.left; px < region.right; px += 1) {
        const ox = px - origin.x;
        const oy = py - origin.y;
        const x = (ox * down.y - oy * down.x) / determinant;
        const y = (across.x * oy - across.y * ox) / determinant;
        const share = belowShare(lips, chin, x, y);
        const target = py * widthPx + px;

        let sx = 0;
        let sy = 0;
        if (share === 0 || share === 1) {
          const side = share === 0 ? displacements.above : displacements.below;
          const start = share === 0 ? fromAbove : fromBelow;
          for (let round = 0; round < ROUNDS; round += 1) {
            vectorAt(side, grid, px - start[0]!, py - start[1]!, start);
          }
          sx = px - start[0]!;
          sy = py - start[1]!;
          // Keep it on its own side.
          const qx = sx - origin.x;
          const qy = sy - origin.y;
          const mx = (qx * down.y - qy * down.x) / determinant;
          const my = (across.x * qy - across.y * qx) / determinant;
          const u = mx < 0 ? mx / leftWidth : mx / rightWidth;
          const strength = moving * (1 - smoothstep(0.9, 1, Math.abs(u)));
          const excess =
            share === 0
              ? Math.max(0, my - (heightAt(frame.upper, u) - keepAbove))
              : Math.min(0, my - (heightAt(frame.lower, u) + keepBelow));
          sx -= strength * excess * down.x;
          sy -= strength * excess * down.y;
        } else {
          vectorAt(source, grid, px, py, fromBoth);
          sx = fromBoth[0]!;
          sy = fromBoth[1]!;
        }

        const fixedX = clampFixed(sx, maxX);
        const fixedY = clampFixed(sy, maxY);
        const at = (fixedY >> 8) * widthPx + (fixedX >> 8);
        const pixel = over(
          samplePacked(person.pixels, widthPx, at, fixedX & 255, fixedY & 255),
          plate.pixels[target]!,
        );
        const opacity = moving * interior.opacityAt(x, y);
        out[target] =
          opacity > 0.002 ? mixPacked(interior.colourAt(x, y), pixel, Math.round(256 * opacity)) : pixel;
      }
    }
  };
}

function clampFixed(pixels: number, max: number): number {
  const fixed = pixels * 256 + 0.5;
  return fixed < 0 ? 0 : fixed > max ? max | 0 : fixed | 0;
}
