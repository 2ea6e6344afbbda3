import { normalize, type Vec3 } from './vec3.ts';

/** A portrait lens 1.1 m away; its picture plane lies at the cheeks. */
const EYE: Vec3 = [0, 1, 110];
const PLANE_Z = 4;
const CENTRE_Y = -4;
const HEIGHT_CM = 43;

export interface Camera {
  sizePx: number;
  pxPerCm: number;
  ray(px: number, py: number): { origin: Vec3; direction: Vec3 };
  /** Pixels from the top left corner. */
  project(x: number, y: number, z: number): [number, number];
}

export function createCamera(sizePx: number): Camera {
  const pxPerCm = sizePx / HEIGHT_CM;
  return {
    sizePx,
    pxPerCm,
    ray(px, py) {
      const x = (px - sizePx / 2) / pxPerCm;
      const y = CENTRE_Y - (py - sizePx / 2) / pxPerCm;
      return { origin: EYE, direction: normalize([x - EYE[0], y - EYE[1], PLANE_Z - EYE[2]]) };
    },
    project(x, y, z) {
      const t = (EYE[2] - PLANE_Z) / (EYE[2] - z);
      const planeY = EYE[1] + (y - EYE[1]) * t;
      return [sizePx / 2 + x * t * pxPerCm, sizePx / 2 - (planeY - CENTRE_Y) * pxPerCm];
    },
  };
}
