import type { Box } from '../../contracts/schemas/job-outcome.ts';
import type { FoundModel } from '../../models/find-model.ts';
import { type ScoredBox, suppressOverlaps } from '../detect/boxes.ts';
import { toImageTensor } from '../image/image-tensor.ts';
import { type Raster, resize } from '../image/raster.ts';
import { openImageModel, type SessionOptions } from '../runtime/session.ts';

export interface FaceDetector {
  /**
   * @param picture RGB
   * @param minScore default: 0.7
   * @returns faces with at least that score, best first
   */
  detect(picture: Raster, minScore?: number): Promise<ScoredBox[]>;
}

/** Boxes that overlap by more are the same face. */
const SAME_FACE_IOU = 0.3;

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

  return {
    async detect(picture, minScore = 0.7) {
      const { bytes } = await resize(picture, width, height);
      const outputs = await run(toImageTensor(bytes, width, height, input));
      const scores = outputs.find(({ dims }) => dims[2] === 2)!.data;
      const corners = outputs.find(({ dims }) => dims[2] === 4)!.data;
      return suppressOverlaps(toFaces(scores, corners, picture, minScore), SAME_FACE_IOU);
    },
  };
}

function toFaces(
  scores: Float32Array,
  corners: Float32Array,
  { widthPx, heightPx }: Raster,
  minScore: number,
): ScoredBox[] {
  const faces: ScoredBox[] = [];
  for (let i = 0; i < scores.length / 2; i += 1) {
    const score = scores[2 * i + 1]!;
    if (score >= minScore) {
      const [x1, y1, x2, y2] = corners.subarray(4 * i, 4 * i + 4) as unknown as Box;
      faces.push({ score, box: [x1 * widthPx, y1 * heightPx, x2 * widthPx, y2 * heightPx] });
    }
  }
  return faces;
}
