import type { Box } from '../../contracts/job.ts';
import { toImageTensor } from '../image/image-tensor.ts';
import { type Raster, resize } from '../image/raster.ts';
import type { FoundModel } from '../runtime/find-model.ts';
import { openSession, type SessionOptions } from '../runtime/session.ts';

export interface DetectedFace {
  /** 0 to 1. */
  confidence: number;
  box: Box;
}

export interface FaceDetector {
  /** Faces of the confidence or more in an RGB picture, best first. */
  detect(picture: Raster, minConfidence?: number): Promise<DetectedFace[]>;
}

/** Boxes that overlap more than this (intersection over union) are the same face. */
const SAME_FACE = 0.3;

/** What `findModel` is asked for. */
export const FACE_KINDS = ['ultraface'] as const;

/**
 * Serves the UltraFace contract: scores `[1,N,2]` (background, face) and corners `[1,N,4]` in 0..1 of the picture, which
 * is stretched to the model's input. https://github.com/Linzaer/Ultra-Light-Fast-Generic-Face-Detector-1MB
 */
export async function createFaceDetector(model: FoundModel, options: SessionOptions): Promise<FaceDetector> {
  const session = await openSession(model, options);
  const { input } = model.contract;
  const [height, width] = [input.shape[2] ?? 240, input.shape[3] ?? 320];

  return {
    async detect(picture, minConfidence = 0.7) {
      const { bytes } = await resize(picture, width, height);
      const outputs = await session.run(toImageTensor(bytes, width, height, input));
      const scores = outputs.find(({ dims }) => dims[2] === 2)!.data;
      const corners = outputs.find(({ dims }) => dims[2] === 4)!.data;
      return withoutDoubles(toFaces(scores, corners, picture, minConfidence));
    },
  };
}

function toFaces(
  scores: Float32Array,
  corners: Float32Array,
  { widthPx, heightPx }: Raster,
  minConfidence: number,
): DetectedFace[] {
  const faces: DetectedFace[] = [];
  for (let i = 0; i < scores.length / 2; i += 1) {
    const confidence = scores[2 * i + 1]!;
    if (confidence >= minConfidence) {
      const [x1, y1, x2, y2] = corners.subarray(4 * i, 4 * i + 4) as unknown as Box;
      faces.push({ confidence, box: [x1 * widthPx, y1 * heightPx, x2 * widthPx, y2 * heightPx] });
    }
  }
  return faces.sort((a, b) => b.confidence - a.confidence);
}

function withoutDoubles(faces: DetectedFace[]): DetectedFace[] {
  const kept: DetectedFace[] = [];
  for (const face of faces) {
    if (kept.every((other) => overlap(other.box, face.box) < SAME_FACE)) {
      kept.push(face);
    }
  }
  return kept;
}

function overlap(a: Box, b: Box): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (width <= 0 || height <= 0) {
    return 0;
  }
  const shared = width * height;
  return shared / (area(a) + area(b) - shared);
}

function area(box: Box): number {
  return (box[2] - box[0]) * (box[3] - box[1]);
}
