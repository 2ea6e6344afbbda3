import type { Box } from '../../contracts/schemas/job-outcome.ts';
import type { FoundModel } from '../../models/find-model.ts';
import { type ScoredBox, sharedPart, suppressOverlaps } from '../detect/boxes.ts';
import { toImageTensor } from '../image/image-tensor.ts';
import { type Raster, resize } from '../image/raster.ts';
import { openImageModel, type SessionOptions } from '../runtime/session.ts';

export interface FaceDetector {
  /**
   * Looks at the picture in several sizes.
   * @param picture RGB
   * @param minScore default: 0.7
   * @returns faces with at least that score, best first
   */
  detect(picture: Raster, minScore?: number): Promise<ScoredBox[]>;
}

/** The score that these models are calibrated to. */
export const FACE_SCORE = 0.7;
/** Boxes that overlap by more are the same face. */
const SAME_FACE_IOU = 0.3;
/** Of two boxes with more than this of the smaller one in common, one shows only a part of the face. */
const SAME_FACE_SHARE = 0.7;
/**
 * Sizes of the picture on the model's input, as shares of it. The rest is grey. These models learned from photos of whole
 * people, so a face that fills the picture is too large for them.
 */
const SIZES = [1, 0.7, 0.5];
const GREY = 127;

/** Kinds for `findModel`. */
export const FACE_KINDS = ['ultraface'] as const;

/**
 * Runs models with the contract of UltraFace: scores `[1,N,2]` (background, face) and corners `[1,N,4]` as shares of
 * the picture, which is stretched to the model's input. @see
 * https://github.com/Linzaer/Ultra-Light-Fast-Generic-Face-Detector-1MB
 */
export async function createFaceDetector(model: FoundModel, options: SessionOptions): Promise<FaceDetector> {
  const run = await openImageModel(model, options);
  const { input } = model.contract;
  const [height, width] = [input.shape[2] ?? 240, input.shape[3] ?? 320];

  /** Faces in the picture at a size, in shares of the picture. */
  async function detectAt(size: number, picture: Raster, minScore: number): Promise<ScoredBox[]> {
    const [innerWidth, innerHeight] = [Math.round(size * width), Math.round(size * height)];
    const left = Math.floor((width - innerWidth) / 2);
    const top = Math.floor((height - innerHeight) / 2);
    const { bytes } = await resize(picture, innerWidth, innerHeight);
    const canvas = size === 1 ? bytes : onGrey(bytes, { left, top, innerWidth, innerHeight, width, height });
    const outputs = await run(toImageTensor(canvas, width, height, input));
    const scores = outputs.find(({ dims }) => dims[2] === 2)!.data;
    const corners = outputs.find(({ dims }) => dims[2] === 4)!.data;
    const toX = (share: number) => ((share * width - left) / innerWidth) * picture.widthPx;
    const toY = (share: number) => ((share * height - top) / innerHeight) * picture.heightPx;
    return readFaces(scores, corners, minScore).map(({ score, box: [x1, y1, x2, y2] }) => ({
      score,
      box: [toX(x1), toY(y1), toX(x2), toY(y2)],
    }));
  }

  return {
    async detect(picture, minScore = FACE_SCORE) {
      const found: ScoredBox[] = [];
      for (const size of SIZES) {
        found.push(...(await detectAt(size, picture, minScore)));
      }
      return suppressOverlaps(suppressOverlaps(found, SAME_FACE_IOU), SAME_FACE_SHARE, sharedPart);
    },
  };
}

interface Placement {
  left: number;
  top: number;
  innerWidth: number;
  innerHeight: number;
  width: number;
  height: number;
}

function onGrey(
  bytes: Uint8Array,
  { left, top, innerWidth, innerHeight, width, height }: Placement,
): Uint8Array {
  const canvas = new Uint8Array(3 * width * height).fill(GREY);
  for (let row = 0; row < innerHeight; row += 1) {
    const line = bytes.subarray(3 * row * innerWidth, 3 * (row + 1) * innerWidth);
    canvas.set(line, 3 * ((top + row) * width + left));
  }
  return canvas;
}

/** In shares of the model's input. */
function readFaces(scores: Float32Array, corners: Float32Array, minScore: number): ScoredBox[] {
  const faces: ScoredBox[] = [];
  for (let i = 0; i < scores.length / 2; i += 1) {
    const score = scores[2 * i + 1]!;
    if (score >= minScore) {
      faces.push({ score, box: [...corners.subarray(4 * i, 4 * i + 4)] as unknown as Box });
    }
  }
  return faces;
}
