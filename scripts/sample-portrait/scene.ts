import { eyeShape, headShape } from './head-shape.ts';
import { sweaterShape } from './sweater-shape.ts';

export type Material = 'skin' | 'eye' | 'sweater';

export function sceneDistance(x: number, y: number, z: number): number {
  let d = sweaterShape(x, y, z);
  if (y > -26) {
    d = Math.min(d, headShape(x, y, z));
  }
  return y > 0 && y < 6 ? Math.min(d, eyeShape(x, y, z)) : d;
}

export function materialAt(x: number, y: number, z: number): Material {
  const skin = headShape(x, y, z);
  const cloth = sweaterShape(x, y, z);
  return eyeShape(x, y, z) < Math.min(skin, cloth) ? 'eye' : skin < cloth ? 'skin' : 'sweater';
}
