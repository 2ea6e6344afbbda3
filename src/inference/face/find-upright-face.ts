import type { Turn } from '../../ports/models.ts';
import { type CropArea, type Raster, rotateRaster } from '../image/raster.ts';
import { boundsOf, rollOf } from './face-landmarks.ts';
import { type FaceModels, type FoundFace, findClearFace, isClear } from './find-clear-face.ts';

export interface UprightFace {
  face: FoundFace;
  /** How far the picture has to be turned to show it upright. Absent if not at all. */
  turn?: Turn;
}

/** Sideways first: cameras record a wrong side more often than a wrong top. */
const TURNS: readonly Turn[] = [90, 270, 180];
/** The landmarks follow faces that are rotated by more, but those count as lying. */
const MAX_ROLL = Math.PI / 4;
/** A photo is turned only for a face that is certain: at least this logit, and this share of the photo's shorter side. */
const MIN_LOGIT = 15;
const MIN_SHARE = 0.08;

/**
 * Looks for a clear face in the picture, and if none is upright, in the picture turned to its sides and upside down.
 * @param near where to look closer in the picture as it is
 * @param mayTurn whether to look for faces that are not upright
 */
export async function findUprightFace(
  models: FaceModels,
  picture: Raster,
  { near, mayTurn }: { near: CropArea | undefined; mayTurn: boolean },
): Promise<UprightFace | undefined> {
  const asIs = await findClearFace(models, picture, { near });
  if (asIs && isUpright(asIs)) {
    return { face: asIs };
  }
  let best: UprightFace | undefined;
  for (const turn of mayTurn ? TURNS : []) {
    const turned = await rotateRaster(picture, turn);
    const face = await findClearFace(models, turned);
    const isSure =
      face &&
      isUpright(face) &&
      face.logit >= MIN_LOGIT &&
      heightOf(face) >= MIN_SHARE * Math.min(turned.widthPx, turned.heightPx);
    if (isSure && (!best || face.logit > best.face.logit)) {
      best = { face, turn };
    }
  }
  return best;
}

function isUpright(face: FoundFace): boolean {
  return isClear(face) && Math.abs(rollOf(face.points)) <= MAX_ROLL;
}

function heightOf({ points }: FoundFace): number {
  const [, top, , bottom] = boundsOf(points);
  return bottom - top;
}
