import type { Camera } from './camera.ts';
import type { HairDensity } from './hair-density.ts';
import { FILL, KEY, RIMS, SKY } from './lights.ts';
import { getPixel, type Picture, setPixel } from './picture.ts';
import { clamp, smoothstep } from './scalar.ts';
import type { Strand } from './strand.ts';
import { add, blend, dot, multiply, normalize, scale, type Vec3 } from './vec3.ts';

const TO_CAMERA: Vec3 = [0, 0, 1];

interface Segment {
  from: Vec3;
  to: Vec3;
  widthCm: number;
  colour: Vec3;
}

/** Draws hair over the picture, far segments first, hidden by what lies nearer in `depth`. */
export function drawStrands(
  picture: Picture,
  camera: Camera,
  depth: Float32Array,
  strands: Strand[],
  hair: HairDensity,
): void {
  const segments = strands.flatMap((strand) => toSegments(strand, hair));
  segments.sort((a, b) => a.from[2] - b.from[2]);
  for (const segment of segments) {
    drawSegment(picture, camera, depth, segment);
  }
}

function toSegments({ points, widthCm, colour, glossy }: Strand, hair: HairDensity): Segment[] {
  const count = points.length / 3;
  const at = (i: number): Vec3 => [points[3 * i]!, points[3 * i + 1]!, points[3 * i + 2]!];
  return Array.from({ length: count - 1 }, (_, i) => {
    const from = at(i);
    const to = at(i + 1);
    const tip =
      (1 - 0.75 * smoothstep(0.55, 1, (i + 1) / count)) * (0.25 + 0.75 * smoothstep(0, 0.09, i / count));
    return { from, to, widthCm: widthCm * tip, colour: glossy ? gloss(from, to, colour, hair) : colour };
  });
}

/** Kajiya and Kay's hair: light along a fibre, with Marschner's two highlights shifted apart. */
function gloss(from: Vec3, to: Vec3, colour: Vec3, hair: HairDensity): Vec3 {
  const along = normalize([to[0] - from[0], to[1] - from[1], to[2] - from[2]]);
  let sum = scale(multiply(colour, SKY), 0.55 * (0.25 + 0.75 * hair.lightThrough(from, TO_CAMERA)));
  for (const { light, power } of [
    { light: KEY, power: 1 },
    { light: FILL, power: 1 },
    ...RIMS.map((rim) => ({ light: rim, power: 0.55 })),
  ]) {
    const through = hair.lightThrough(from, light.direction) * power;
    const cosine = dot(along, light.direction);
    const diffuse = Math.sqrt(Math.max(0, 1 - cosine * cosine));
    const first = highlight(along, light.direction, 0.12, 60);
    const second = highlight(along, light.direction, -0.14, 14);
    const shine = add(scale([1, 0.82, 0.66], 0.075 * first), scale(colour, 0.9 * second));
    sum = add(sum, scale(multiply(light.colour, add(scale(colour, 0.75 * diffuse), shine)), through));
  }
  return sum;
}

function highlight(along: Vec3, light: Vec3, shift: number, sharpness: number): number {
  const half = normalize(add(light, TO_CAMERA));
  const cosine = clamp(dot(along, half) + shift, -1, 1);
  return Math.sqrt(1 - cosine * cosine) ** sharpness;
}

function drawSegment(
  picture: Picture,
  camera: Camera,
  depth: Float32Array,
  { from, to, widthCm, colour }: Segment,
): void {
  const { sizePx } = picture;
  const [ax, ay] = camera.project(...from);
  const [bx, by] = camera.project(...to);
  const width = widthCm * camera.pxPerCm;
  const reach = Math.max(0.5, width / 2) + 0.5;
  const dx = bx - ax;
  const dy = by - ay;
  const squared = dx * dx + dy * dy + 1e-9;
  for (
    let y = Math.max(0, Math.floor(Math.min(ay, by) - reach));
    y <= Math.min(sizePx - 1, Math.max(ay, by) + reach);
    y++
  ) {
    for (
      let x = Math.max(0, Math.floor(Math.min(ax, bx) - reach));
      x <= Math.min(sizePx - 1, Math.max(ax, bx) + reach);
      x++
    ) {
      const t = ((x + 0.5 - ax) * dx + (y + 0.5 - ay) * dy) / squared;
      if (t < -0.02 || t >= 1) {
        continue;
      }
      const off = Math.abs((x + 0.5 - ax) * dy - (y + 0.5 - ay) * dx) / Math.sqrt(squared);
      const cover = clamp(reach - off) * Math.min(1, width);
      const index = y * sizePx + x;
      if (cover <= 0 || depth[index]! > from[2] + t * (to[2] - from[2]) + 0.12) {
        continue;
      }
      setPixel(picture, index, blend(getPixel(picture, index), colour, cover));
    }
  }
}
