import { expect, it } from 'vitest';
import type { EyeFrame } from '../../../src/providers/local/eyes/eye-frame.ts';
import { snapLids } from '../../../src/providers/local/eyes/snap-lids.ts';
import { pack } from '../../../src/providers/local/picture/texture.ts';

const SKIN = pack(215, 165, 140);
const WHITE = pack(225, 220, 215);
const IRIS = pack(90, 60, 40);
const LASH = pack(60, 45, 40);
const SIZE = { widthPx: 80, heightPx: 60 };
/** The eye in the picture: parabolas between corners 40 pixels apart, around the middle of the picture. */
const [HALF, UP, DOWN] = [20, 9, 5];
const lid = (height: number) => (x: number) => height * (1 - (x / HALF) ** 2);

function drawEye() {
  const pixels = Uint32Array.from({ length: 80 * 60 }, (_, i) => {
    const [x, y] = [(i % 80) - 40, Math.floor(i / 80) - 30];
    const [up, down] = [-lid(UP)(x), lid(DOWN)(x)];
    if (Math.abs(x) > HALF || y < up || y > down) {
      return SKIN;
    }
    return y < up + 2 ? LASH : Math.hypot(x, y + 2) < 7 ? IRIS : WHITE;
  });
  return { ...SIZE, pixels };
}

/** Landmarks with the lids at these places, in pixels from the middle. */
function eyeAt(up: number, down: number, shift: number): EyeFrame {
  return {
    centre: { x: 40, y: 30 },
    along: { x: 1, y: 0 },
    down: { x: 0, y: 1 },
    width: 2 * HALF,
    upperLid: (x) => shift - lid(up)(x),
    lowerLid: (x) => shift + lid(down)(x),
    brow: () => -22,
  };
}

it.each([
  ['too low', eyeAt(UP, DOWN, 4)],
  ['too high', eyeAt(UP, DOWN, -3)],
  ['too narrow', eyeAt(UP - 4, DOWN - 2, 0)],
  ['right', eyeAt(UP, DOWN, 0)],
])('lids whose landmarks are %s are found where the picture has them', (_, eye) => {
  const [snapped] = snapLids([eye], drawEye());

  for (const x of [-10, 0, 10]) {
    expect(Math.abs(snapped!.upperLid(x) + lid(UP)(x)), `upper at ${x}`).toBeLessThan(1.5);
    expect(Math.abs(snapped!.lowerLid(x) - lid(DOWN)(x)), `lower at ${x}`).toBeLessThan(1.5);
  }
});

it('lids stay at their landmarks if nothing is visible', () => {
  const eye = eyeAt(UP, DOWN, 0);
  const [snapped] = snapLids([eye], { ...SIZE, pixels: new Uint32Array(80 * 60).fill(SKIN) });

  expect([snapped!.upperLid(3), snapped!.lowerLid(3)]).toEqual([eye.upperLid(3), eye.lowerLid(3)]);
});
