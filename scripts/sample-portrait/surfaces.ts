import { blurWeighted } from './blur.ts';
import type { Camera } from './camera.ts';
import { paintEye } from './eyeball.ts';
import type { HairDensity } from './hair-density.ts';
import { knitTilt, paintKnit } from './knit.ts';
import { surfaceNormal, trace } from './march.ts';
import { noise } from './noise.ts';
import { getPixel, type Picture, setPixel } from './picture.ts';
import { materialAt } from './scene.ts';
import { shade } from './shade.ts';
import { paintSkin } from './skin.ts';
import { add, multiply, normalize, scale, type Vec3 } from './vec3.ts';

const SKIN_WRAP: Vec3 = [0.32, 0.16, 0.1];
const WOOL_WRAP: Vec3 = [0.2, 0.2, 0.2];
const NO_WRAP: Vec3 = [0, 0, 0];
/** How far light spreads under skin, for red, green and blue. */
const SPREAD_CM: Vec3 = [0.26, 0.12, 0.07];

/** Draws everything but hair over the backdrop. Gives the depth (z) at each pixel, -Infinity where only backdrop is. */
export function drawSurfaces(picture: Picture, camera: Camera, hair: HairDensity): Float32Array {
  const { sizePx } = camera;
  const count = sizePx * sizePx;
  const depth = new Float32Array(count).fill(Number.NEGATIVE_INFINITY);
  const skin = new Float32Array(count);
  const light = [0, 1, 2].map(() => new Float32Array(count));
  const albedo = new Float32Array(3 * count);
  const specular = new Float32Array(3 * count);
  for (let index = 0; index < count; index++) {
    const { origin, direction } = camera.ray((index % sizePx) + 0.5, Math.floor(index / sizePx) + 0.5);
    const point = trace(origin, direction);
    if (!point) {
      continue;
    }
    depth[index] = point[2];
    const view = scale(direction, -1);
    const material = materialAt(...point);
    if (material === 'skin') {
      const paint = paintSkin(point);
      const lit = shade(point, pores(point, surfaceNormal(point)), view, paint, SKIN_WRAP, hair);
      skin[index] = 1;
      light.forEach((channel, c) => {
        channel[index] = lit.diffuse[c]!;
      });
      albedo.set(paint.albedo, 3 * index);
      specular.set(lit.specular, 3 * index);
    } else if (material === 'eye') {
      const lit = shade(
        point,
        surfaceNormal(point),
        view,
        { albedo: [1, 1, 1], roughness: 0.2, gloss: 0 },
        NO_WRAP,
        hair,
      );
      setPixel(picture, index, paintEye(point, add(scale(lit.diffuse, 0.75), [0.22, 0.22, 0.22])));
    } else {
      const paint = paintKnit(point);
      const normal = normalize(add(surfaceNormal(point), knitTilt(point)));
      const lit = shade(point, normal, view, paint, WOOL_WRAP, hair);
      setPixel(picture, index, add(multiply(paint.albedo, lit.diffuse), lit.specular));
    }
  }
  const spread = light.map((channel, c) =>
    blurWeighted(channel, skin, sizePx, SPREAD_CM[c]! * camera.pxPerCm),
  );
  for (let index = 0; index < count; index++) {
    if (skin[index]) {
      const soft = (c: 0 | 1 | 2): number =>
        (0.35 * light[c]![index]! + 0.65 * spread[c]![index]!) * albedo[3 * index + c]! +
        specular[3 * index + c]!;
      setPixel(picture, index, [soft(0), soft(1), soft(2)]);
    }
  }
  smoothEdges(picture, depth);
  return depth;
}

const pores = ([x, y, z]: Vec3, normal: Vec3): Vec3 => {
  const bump = (k: number): number =>
    0.05 * (noise(x * 11 + k, y * 11, z * 11) - 0.5) + 0.03 * (noise(x * 4, y * 4 + k, z * 4) - 0.5);
  return normalize(add(normal, [bump(0), bump(50), bump(90)]));
};

/** Softens the staircase where depth jumps. */
function smoothEdges(picture: Picture, depth: Float32Array): void {
  const { sizePx } = picture;
  const before: Picture = { sizePx, rgb: picture.rgb.slice() };
  for (let y = 1; y < sizePx - 1; y++) {
    for (let x = 1; x < sizePx - 1; x++) {
      const index = y * sizePx + x;
      const around = [index - 1, index + 1, index - sizePx, index + sizePx];
      if (around.some((other) => Math.abs(depth[other]! - depth[index]!) > 0.5)) {
        const sum = around.reduce<Vec3>(
          (total, other) => add(total, getPixel(before, other)),
          scale(getPixel(before, index), 4),
        );
        setPixel(picture, index, scale(sum, 1 / 8));
      }
    }
  }
}
