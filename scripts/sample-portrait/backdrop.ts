import { createRandom } from './noise.ts';
import { type Picture, setPixel } from './picture.ts';
import { bell, clamp, smoothstep } from './scalar.ts';
import { add, blend, scale, type Vec3 } from './vec3.ts';

const DEEP: Vec3 = [0.028, 0.068, 0.082];
const MID: Vec3 = [0.1, 0.205, 0.225];
const GLOW: Vec3 = [0.46, 0.4, 0.29];

/** A wall far out of focus: teal, lit from the right, with a few discs of light. */
export function drawBackdrop(picture: Picture, seed: number): void {
  const { sizePx } = picture;
  const random = createRandom(seed);
  const discs = Array.from({ length: 15 }, () => ({
    x: random(),
    y: 0.75 * random(),
    radius: 0.03 + 0.05 * random(),
    light: 0.01 + 0.03 * random(),
    warm: random(),
  }));
  for (let index = 0; index < sizePx * sizePx; index++) {
    const x = (index % sizePx) / sizePx;
    const y = Math.floor(index / sizePx) / sizePx;
    let colour = blend(DEEP, MID, clamp(1.1 * bell(x, 0.62, 0.62) * bell(y, 0.36, 0.66)));
    colour = add(colour, scale(GLOW, 0.42 * bell(x, 0.93, 0.3) * bell(y, 0.26, 0.36)));
    for (const disc of discs) {
      const r = Math.hypot(x - disc.x, y - disc.y) / disc.radius;
      const cover = smoothstep(1.12, 0.8, r) * (0.75 + 0.25 * r * r) * disc.light;
      colour = add(colour, scale(blend([0.6, 0.95, 1], [1, 0.78, 0.45], disc.warm), cover));
    }
    setPixel(picture, index, colour);
  }
}
