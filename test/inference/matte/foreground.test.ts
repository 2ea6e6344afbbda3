import { expect, it } from 'vitest';
import { estimateColours, toForeground } from '../../../src/inference/matte/foreground.ts';
import { GRID_PIXELS, GRID_PX } from '../../../src/inference/matte/mask-grid.ts';

const BLUE = [20, 40, 200];
const RED = [220, 30, 10];

it('removes the background colour from partially covered pixels', () => {
  // A blue person on the left of a red background, with an edge 8 pixels wide.
  const alpha = new Uint8Array(GRID_PIXELS);
  const rgb = new Uint8Array(3 * GRID_PIXELS);
  for (let pixel = 0; pixel < GRID_PIXELS; pixel += 1) {
    const opacity = Math.min(Math.max((132 - (pixel % GRID_PX)) / 8, 0), 1);
    alpha[pixel] = Math.round(255 * opacity);
    for (const channel of [0, 1, 2]) {
      rgb[3 * pixel + channel] = Math.round(opacity * BLUE[channel]! + (1 - opacity) * RED[channel]!);
    }
  }
  const { person, background } = estimateColours(rgb, alpha);
  for (const x of [125, 128, 130]) {
    const pixel = 128 * GRID_PX + x;
    const colour = [0, 1, 2].map((channel) => {
      const at = 3 * pixel + channel;
      return toForeground(rgb[at]!, alpha[pixel]! / 255, person[at]!, background[at]!);
    });
    expect(Math.abs(rgb[3 * pixel]! - BLUE[0]!), `red at ${x} before`).toBeGreaterThan(20);
    for (const channel of [0, 1, 2]) {
      expect(Math.abs(colour[channel]! - BLUE[channel]!), `channel ${channel} at ${x}`).toBeLessThan(16);
    }
  }
});
