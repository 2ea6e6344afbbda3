import type { HairDensity } from './hair-density.ts';
import { FILL, GROUND, KEY, RIMS, SKY } from './lights.ts';
import { lightReaching, openness } from './march.ts';
import { clamp } from './scalar.ts';
import type { Paint } from './skin.ts';
import { add, blend, dot, multiply, normalize, scale, subtract, type Vec3 } from './vec3.ts';

export interface Lit {
  diffuse: Vec3;
  specular: Vec3;
}

/** Light on a surface point. `wrap` lets it creep around the edge of shadow, channel by channel, as it does in skin. */
export function shade(
  point: Vec3,
  normal: Vec3,
  view: Vec3,
  paint: Paint,
  wrap: Vec3,
  hair: HairDensity,
): Lit {
  const open = openness(point, normal);
  const reaches =
    lightReaching(add(point, scale(normal, 0.05)), KEY.direction, KEY.sharpness!) *
    hair.lightThrough(point, KEY.direction);
  const key = scale(KEY.colour, reaches);
  let diffuse = multiply(key, wrapped(dot(normal, KEY.direction), wrap));
  diffuse = add(diffuse, scale(multiply(FILL.colour, wrapped(dot(normal, FILL.direction), wrap)), open));
  diffuse = add(diffuse, scale(blend(GROUND, SKY, 0.5 + 0.5 * normal[1]), open));
  let specular = scale(key, paint.gloss * lobe(normal, KEY.direction, view, paint.roughness));
  specular = add(
    specular,
    scale(FILL.colour, open * paint.gloss * lobe(normal, FILL.direction, view, paint.roughness)),
  );
  for (const rim of RIMS) {
    const blocked =
      lightReaching(add(point, scale(normal, 0.05)), rim.direction, 4) *
      hair.lightThrough(point, rim.direction);
    diffuse = add(diffuse, scale(rim.colour, blocked * Math.max(0, dot(normal, rim.direction))));
  }
  const grazing = (1 - clamp(dot(normal, view))) ** 4;
  specular = add(specular, scale(SKY, 0.16 * grazing * open * paint.gloss));
  return { diffuse, specular };
}

const wrapped = (cosine: number, wrap: Vec3): Vec3 => [
  Math.max(0, (cosine + wrap[0]) / (1 + wrap[0])),
  Math.max(0, (cosine + wrap[1]) / (1 + wrap[1])),
  Math.max(0, (cosine + wrap[2]) / (1 + wrap[2])),
];

/** GGX with Schlick's Fresnel for skin and wool (4 % at normal incidence). */
function lobe(normal: Vec3, light: Vec3, view: Vec3, roughness: number): number {
  const half = normalize(subtract(light, scale(view, -1)));
  const nl = dot(normal, light);
  if (nl <= 0) {
    return 0;
  }
  const a2 = roughness ** 4;
  const nh = clamp(dot(normal, half));
  const spread = a2 / (Math.PI * (nh * nh * (a2 - 1) + 1) ** 2);
  const fresnel = 0.04 + 0.96 * (1 - clamp(dot(view, half))) ** 5;
  return (spread * fresnel * nl) / (4 * Math.max(0.1, clamp(dot(normal, view)) * 0.6 + nl * 0.4));
}
