import type { Box } from '../../contracts/schemas/job-outcome.ts';
import type { ScoredBox } from '../detect/boxes.ts';
import { evenLight, isPoor, measureLight } from '../image/even-light.ts';
import { type CropArea, cropRaster, type Raster } from '../image/raster.ts';
import { FACE_SCORE, type FaceDetector } from './face-detector.ts';
import type { FaceLandmarker, FaceLandmarks } from './face-landmarks.ts';

/** A face that may be unclear: see `isClear`. */
export interface FoundFace extends FaceLandmarks {
  /** Of the detector, 0 to 1. */
  score: number;
}

export interface FaceModels {
  detector: FaceDetector;
  landmarker: FaceLandmarker;
}

export interface FaceSearch {
  /** Whether a box can be the face, for example because it is on the selected person. Default: every box can. */
  isWanted?: (box: Box) => boolean;
  /** Where to look closer for faces that are small in the whole picture. */
  near?: CropArea | undefined;
}

/** Below this logit, the landmarks are unsure that there is a face. */
const MIN_LOGIT = 10;
/** Below this one, there is no face. Faces with a mask are between the two. */
export const FACE_LOGIT = 0;
/** From this one on, nothing clearer will come: frontal faces have 19 to 28. */
const CERTAIN_LOGIT = 18;
/** As a share of the distance between the eyes: landmarks that do not converge are not on a frontal face. */
const MAX_DRIFT = 0.02;
/** For faces that the landmarks are certain of. A profile has .1 and more. */
const MAX_DRIFT_IF_CERTAIN = 0.03;
/** Boxes of a lower score than usual need landmarks that are surer than usual. */
const LOW_SCORE = 0.35;
const MIN_LOGIT_AT_LOW_SCORE = 16;
/** Further sizes of the best box: the landmarks may converge from one of them only. */
const OTHER_SIZES = [0.8, 1.25];
/** Where the face is in a picture that it fills, as shares of the sides. */
const FILLING: Box = [0.14, 0.12, 0.86, 0.92];
/** Boxes of one look that are tried. */
const MAX_BOXES = 3;

/** The top of a person, for `FaceSearch.near`: a square as wide as the person. `undefined` if it is too small to look at. */
export function topOfPerson([x1, y1, x2, y2]: Box, { widthPx, heightPx }: Raster): CropArea | undefined {
  const left = Math.max(0, Math.floor(x1));
  const top = Math.max(0, Math.floor(y1));
  const width = Math.min(widthPx, Math.ceil(x2)) - left;
  const height = Math.min(heightPx - top, Math.ceil(y2 - y1), width);
  return width < 2 || height < 2 ? undefined : { left, top, width, height };
}

export function isClear({ logit, drift }: FaceLandmarks): boolean {
  return (
    (logit >= MIN_LOGIT && drift <= MAX_DRIFT) || (logit >= CERTAIN_LOGIT && drift <= MAX_DRIFT_IF_CERTAIN)
  );
}

/**
 * Finds the largest face in which eyes, nose and mouth are clearly visible. If the landmarks reject what the detector
 * found, looks again: closer, at boxes of other sizes, at boxes that the detector is less sure of, and with the light
 * evened out if it is poor.
 * @returns the clear face, else the least unclear one; `undefined` if there is none
 */
export async function findClearFace(
  models: FaceModels,
  picture: Raster,
  search: FaceSearch = {},
): Promise<FoundFace | undefined> {
  const asSeen = await findInLight(models, picture, search);
  if (asSeen && isClear(asSeen)) {
    return asSeen;
  }
  // What is bright around a person says nothing about the light on the face.
  const light = measureLight(search.near ? cropRaster(picture, search.near) : picture);
  if (!isPoor(light)) {
    return asSeen;
  }
  const evened = await findInLight(models, evenLight(picture, light), search);
  return evened && (isClear(evened) || !asSeen) ? evened : asSeen;
}

async function findInLight(
  { detector, landmarker }: FaceModels,
  picture: Raster,
  { isWanted = () => true, near }: FaceSearch,
): Promise<FoundFace | undefined> {
  let clear: FoundFace | undefined;
  let unclear: FoundFace | undefined;
  for await (const { box, score } of guesses(detector, picture, isWanted, near)) {
    const face = { ...(await landmarker.locate(picture, box)), score };
    const isFace = isClear(face) && (score >= FACE_SCORE || face.logit >= MIN_LOGIT_AT_LOW_SCORE);
    if (isFace && face.logit >= CERTAIN_LOGIT) {
      return face;
    }
    if (isFace && face.logit > (clear?.logit ?? 0)) {
      clear = face;
    } else if (score >= FACE_SCORE && face.logit > (unclear?.logit ?? FACE_LOGIT)) {
      unclear = face;
    }
  }
  return clear ?? unclear;
}

/** Boxes to try, likeliest first. */
async function* guesses(
  detector: FaceDetector,
  picture: Raster,
  isWanted: (box: Box) => boolean,
  near: CropArea | undefined,
): AsyncGenerator<ScoredBox> {
  const inWhole = (await detector.detect(picture, LOW_SCORE)).filter(({ box }) => isWanted(box));
  const sure = inWhole.filter(isSure).toSorted((a, b) => height(b) - height(a));
  yield* sure.slice(0, MAX_BOXES);
  const nearby = near ? (await detectNear(detector, picture, near)).filter(({ box }) => isWanted(box)) : [];
  yield* nearby.filter(isSure).slice(0, MAX_BOXES);
  const best = [...sure, ...nearby.filter(isSure), ...inWhole, ...nearby][0];
  if (best) {
    yield* OTHER_SIZES.map((size) => ({ score: best.score, box: scaled(best.box, size) }));
    const { widthPx: width, heightPx: height } = picture;
    const [x1, y1, x2, y2] = FILLING;
    yield { score: best.score, box: [x1 * width, y1 * height, x2 * width, y2 * height] };
  }
  yield* [...inWhole, ...nearby].filter((guess) => !isSure(guess)).slice(0, MAX_BOXES);
}

async function detectNear(detector: FaceDetector, picture: Raster, near: CropArea): Promise<ScoredBox[]> {
  const { left, top } = near;
  const faces = await detector.detect(cropRaster(picture, near), LOW_SCORE);
  return faces.map(({ score, box: [x1, y1, x2, y2] }) => ({
    score,
    box: [x1 + left, y1 + top, x2 + left, y2 + top],
  }));
}

function isSure({ score }: ScoredBox): boolean {
  return score >= FACE_SCORE;
}

function height({ box: [, top, , bottom] }: ScoredBox): number {
  return bottom - top;
}

function scaled([x1, y1, x2, y2]: Box, size: number): Box {
  const [x, y] = [(x1 + x2) / 2, (y1 + y2) / 2];
  return [x + (x1 - x) * size, y + (y1 - y) * size, x + (x2 - x) * size, y + (y2 - y) * size];
}
