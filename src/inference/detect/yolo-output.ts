import { PipelineError } from '../../errors.ts';
import type { FloatTensor } from '../runtime/session.ts';
import { type ScoredBox, suppressOverlaps } from './boxes.ts';

/** Output formats that `readYoloPersons` supports. */
export const YOLO_KINDS = ['yolo-dense', 'yolo-end-to-end', 'yolox'] as const;
export type YoloKind = (typeof YOLO_KINDS)[number];

/** Ultralytics' default. */
const DEFAULT_MAX_IOU = 0.7;
/** Rounding may exceed 1 slightly; a wrongly exported model exceeds it by far. */
const MAX_SCORE = 1.001;

/** Properties of the model that its output does not contain. */
interface YoloModel {
  /** Size of the model's input. */
  widthPx: number;
  heightPx: number;
  /** Number of the class "person". Default: 0, as in COCO. */
  personClass?: number;
  /** Boxes that overlap by more are the same person. Default: 0.7, as in Ultralytics. */
  maxIou?: number;
}

/**
 * Decodes people with at least `minScore`, highest score first, in pixels of the model's input.
 * - `yolo-dense` (v8, 11): [1, 4 + classes, anchors] with the rows centre x, centre y, width, height, and one score per
 *   class. Overlaps are suppressed here.
 * - `yolo-end-to-end` (v10, 26): [1, detections, 6] with x1, y1, x2, y2, score, class. It has no overlaps.
 * - `yolox`: [1, anchors, 5 + classes] for the cells of three grids with stride 8, 16 and 32. Each row has the centre x
 *   and y and the logarithms of width and height, in cells, then an objectness score and one score per class.
 * @throws PipelineError MODEL_INVALID for other shapes, and for scores outside 0 to 1
 */
export function readYoloPersons(
  kind: YoloKind,
  output: FloatTensor,
  minScore: number,
  { personClass = 0, maxIou = DEFAULT_MAX_IOU, ...input }: YoloModel,
): ScoredBox[] {
  switch (kind) {
    case 'yolo-dense':
      return suppressOverlaps(readDense(output, minScore, personClass), maxIou);
    case 'yolo-end-to-end':
      return readEndToEnd(output, minScore, personClass);
    case 'yolox':
      return suppressOverlaps(readYolox(output, minScore, personClass, input), maxIou);
  }
}

function readDense({ data, dims }: FloatTensor, minScore: number, personClass: number): ScoredBox[] {
  const [batch, rows = 0, anchors = 0] = dims;
  if (dims.length !== 3 || batch !== 1 || rows < 5 + personClass) {
    throw wrongShape(`[1, 4 + classes, anchors] with at least ${personClass + 1} classes`, dims);
  }
  const found: ScoredBox[] = [];
  for (let anchor = 0; anchor < anchors; anchor += 1) {
    const score = probability(data[(4 + personClass) * anchors + anchor]);
    if (score >= minScore) {
      const [x, y, width, height] = [0, 1, 2, 3].map((row) => data[row * anchors + anchor]!) as Quad;
      found.push({ score, box: [x - width / 2, y - height / 2, x + width / 2, y + height / 2] });
    }
  }
  return found;
}

function readEndToEnd({ data, dims }: FloatTensor, minScore: number, personClass: number): ScoredBox[] {
  if (dims.length !== 3 || dims[0] !== 1 || dims[2] !== 6) {
    throw wrongShape('[1, detections, 6]', dims);
  }
  const found: ScoredBox[] = [];
  for (let at = 0; at < data.length; at += 6) {
    const score = probability(data[at + 4]);
    if (score >= minScore && data[at + 5] === personClass) {
      found.push({ score, box: [...data.subarray(at, at + 4)] as Quad });
    }
  }
  return found.toSorted((a, b) => b.score - a.score);
}

const STRIDES = [8, 16, 32];
const GRID_ROW = { x: 0, y: 1, width: 2, height: 3, objectness: 4, firstClass: 5 };

/** Decodes as `demo_postprocess` in YOLOX's ONNX demo (Ge et al. 2021). */
function readYolox(
  { data, dims }: FloatTensor,
  minScore: number,
  personClass: number,
  { widthPx, heightPx }: Pick<YoloModel, 'widthPx' | 'heightPx'>,
): ScoredBox[] {
  const [batch, anchors = 0, columns = 0] = dims;
  const cells = STRIDES.map((stride) => Math.floor(widthPx / stride) * Math.floor(heightPx / stride));
  if (batch !== 1 || columns < 6 + personClass || anchors !== cells.reduce((sum, count) => sum + count)) {
    throw wrongShape(`[1, anchors of ${widthPx} x ${heightPx}, 5 + classes]`, dims);
  }
  const found: ScoredBox[] = [];
  let at = 0;
  for (const stride of STRIDES) {
    const across = Math.floor(widthPx / stride);
    for (let cell = 0; cell < across * Math.floor(heightPx / stride); cell += 1, at += columns) {
      const score =
        probability(data[at + GRID_ROW.objectness]) *
        probability(data[at + GRID_ROW.firstClass + personClass]);
      if (score >= minScore) {
        const x = (data[at + GRID_ROW.x]! + (cell % across)) * stride;
        const y = (data[at + GRID_ROW.y]! + Math.floor(cell / across)) * stride;
        const width = Math.exp(data[at + GRID_ROW.width]!) * stride;
        const height = Math.exp(data[at + GRID_ROW.height]!) * stride;
        found.push({ score, box: [x - width / 2, y - height / 2, x + width / 2, y + height / 2] });
      }
    }
  }
  return found;
}

type Quad = [number, number, number, number];

function probability(score: number | undefined): number {
  if (score === undefined || !(score >= 0 && score <= MAX_SCORE)) {
    throw new PipelineError(
      'MODEL_INVALID',
      `Expected scores from 0 to 1, but the detector returned ${score}: it was not exported correctly`,
    );
  }
  return Math.min(score, 1);
}

function wrongShape(expected: string, dims: readonly number[]): PipelineError {
  return new PipelineError(
    'MODEL_INVALID',
    `Expected the detector's output ${expected}, but got [${dims.join(', ')}]`,
  );
}
