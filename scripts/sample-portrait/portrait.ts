import { drawBackdrop } from './backdrop.ts';
import { createCamera } from './camera.ts';
import { drawStrands } from './draw-strands.ts';
import { growFaceHair } from './face-hair.ts';
import { finish } from './finish.ts';
import { growHair } from './hair.ts';
import { measureHair } from './hair-density.ts';
import { createPicture } from './picture.ts';
import { drawSurfaces } from './surfaces.ts';

/** A person who does not exist, as square sRGB bytes. The same seed and size give the same bytes. */
export function renderPortrait(sizePx: number, seed: number): Uint8Array {
  const camera = createCamera(sizePx);
  const hair = growHair(seed);
  const density = measureHair(hair, 90);
  const picture = createPicture(sizePx);
  drawBackdrop(picture, seed + 1);
  const depth = drawSurfaces(picture, camera, density);
  drawStrands(picture, camera, depth, [...hair, ...growFaceHair(seed + 2)], density);
  return finish(picture, seed + 3);
}
