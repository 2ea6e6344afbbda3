import { PipelineError } from '../errors.ts';
import { type ScoredBox, suppressOverlaps } from './boxes.ts';
import type { FloatTensor } from './session.ts';

/** Outputs that `readYoloPersons` knows. */
export const YOLO_KINDS = ['yolo-dense', 'yolo-end-to-end'] as const;
export type YoloKind = (typeof YOLO_KINDS)[number];

/** The class of persons, in COCO and in models of that one class. */
const PERSON = 0;
/** As Ultralytics' own post-processing. */
const MAX_IOU = 0.7;
/** Float arithmetic may pass 1 by a little; a model that was exported wrongly passes it by far. */
const MAX_SCORE = 1.001;

/**
 * Persons of at least `minScore`, surest first, in pixels of the model's input.
 * - `yolo-dense` (v8, 11): [1, 4 + classes, anchors], rows centre x, centre y, width, height, then a score for each
 *   class; overlaps are suppressed here.
 * - `yolo-end-to-end` (v10, 26): [1, detections, 6] as x1, y1, x2, y2, score, class; free of overlaps.
 * @throws PipelineError MODEL_INVALID for other shapes, and for scores that are no probabilities.
 */
export function readYoloPersons(kind: YoloKind, output: FloatTensor, minScore: number): ScoredBox[] {
  return kind === 'yolo-dense' ? readDense(output, minScore) : readEndToEnd(output, minScore);
}

function readDense({ data, dims }: FloatTensor, minScore: number): ScoredBox[] {
  const [batch, rows = 0, anchors = 0] = dims;
  if (dims.length !== 3 || batch !== 1 || rows < 5) {
    throw wrongShape('[1, 4 + classes, anchors]', dims);
  }
  const found: ScoredBox[] = [];
  for (let anchor = 0; anchor < anchors; anchor += 1) {
    const score = probability(data[(4 + PERSON) * anchors + anchor]);
    if (score >= minScore) {
      const [x, y, width, height] = [0, 1, 2, 3].map((row) => data[row * anchors + anchor]!) as Quad;
      found.push({ score, box: [x - width / 2, y - height / 2, x + width / 2, y + height / 2] });
    }
  }
  return suppressOverlaps(found, MAX_IOU);
}

function readEndToEnd({ data, dims }: FloatTensor, minScore: number): ScoredBox[] {
  if (dims.length !== 3 || dims[0] !== 1 || dims[2] !== 6) {
    throw wrongShape('[1, detections, 6]', dims);
  }
  const found: ScoredBox[] = [];
  for (let at = 0; at < data.length; at += 6) {
    const score = probability(data[at + 4]);
    if (score >= minScore && data[at + 5] === PERSON) {
      found.push({ score, box: [...data.subarray(at, at + 4)] as Quad });
    }
  }
  return found.toSorted((a, b) => b.score - a.score);
}

type Quad = [number, number, number, number];

function probability(score: number | undefined): number {
  if (score === undefined || !(score >= 0 && score <= MAX_SCORE)) {
    throw new PipelineError(
      'MODEL_INVALID',
      `The detector gives ${score} as a score, where 0 to 1 is possible: the model was exported wrongly`,
    );
  }
  return Math.min(score, 1);
}

function wrongShape(expected: string, dims: readonly number[]): PipelineError {
  return new PipelineError(
    'MODEL_INVALID',
    `The detector's output should be ${expected}, but is [${dims.join(', ')}]`,
  );
}
