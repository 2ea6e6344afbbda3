import { percentile } from '../../../series.ts';
import { type Colour, type FaceColours, luma } from '../face/face-colours.ts';
import { EYES } from '../face/face-mesh.ts';
import { type FacePoints, faceYaw } from '../face/face-points.ts';
import { blue, green, red, type Texture } from '../picture/texture.ts';
import { type EyeFrame, eyeFrameOf, fromEye, openness } from './eye-frame.ts';
import { createLidPatch, LID_LEVELS, pasteLid } from './lid-patch.ts';
import { lidSkinOf } from './lid-skin.ts';
import { snapLids } from './snap-lids.ts';

/** Minimum opening as a share of the eye's width. An eye that is closed in the photo does not blink. */
const OPEN = 0.08;
/** Share of the skin's brightness below which eyes count as behind sunglasses. */
const DARK_GLASS = 0.45;
/** Beyond this turn, the landmarks of the far lid are too inaccurate. */
const MAX_YAW = (20 * Math.PI) / 180;

/**
 * Prepares the lids of a portrait.
 * @param live the texture that frames are drawn from; lids are pasted into it
 * @returns a function that closes them: 0 open, 1 closed
 */
export function createLids(
  points: FacePoints,
  portrait: Texture,
  { skin }: FaceColours,
  live: Texture,
): (closed: number) => void {
  const eyes = snapLids(
    EYES.map((eye) => eyeFrameOf(points, eye)),
    portrait,
  );
  if (wearsSunglasses(points, portrait, skin) || Math.abs(faceYaw(points)) > MAX_YAW) {
    return () => {};
  }
  const patches = eyes
    .filter((eye) => openness(eye) > OPEN * eye.width)
    .map((eye) => createLidPatch(eye, live, lidSkinOf(eye, portrait, skin)));
  let shown = 0;
  return (closed) => {
    const level = Math.round(closed * LID_LEVELS);
    if (level !== shown) {
      shown = level;
      for (const patch of patches) {
        pasteLid(patch, level, live);
      }
    }
  };
}

/** Whether both eyes are as dark as behind sunglasses. Lids would be painted on the glass. */
export function wearsSunglasses(points: FacePoints, portrait: Texture, skin: Colour): boolean {
  return EYES.every((eye) => brightness(eyeFrameOf(points, eye), portrait) < DARK_GLASS * luma(skin));
}

/** 90th percentile of luma inside an eye. */
function brightness(eye: EyeFrame, { widthPx, pixels }: Texture): number {
  const lumas: number[] = [];
  for (let x = -eye.width / 2; x < eye.width / 2; x += 1) {
    for (let y = eye.upperLid(x); y < eye.lowerLid(x); y += 1) {
      const point = fromEye(eye, x, y);
      const pixel = pixels[Math.round(point.y) * widthPx + Math.round(point.x)] ?? 0;
      lumas.push(luma([red(pixel), green(pixel), blue(pixel)]));
    }
  }
  return percentile(lumas, 0.9);
}
