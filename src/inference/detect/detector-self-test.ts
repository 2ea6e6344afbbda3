import { fileURLToPath } from 'node:url';
import { PipelineError } from '../../errors.ts';
import { iou } from './boxes.ts';
import type { Detection, DetectorModel } from './detector-model.ts';

const FIGURE = fileURLToPath(new URL('../self-test-figure.svg', import.meta.url));
/** Healthy models are less sure of a drawing than of a photo; broken ones find nothing. */
const MIN_SCORE = 0.02;
/** A larger batch would delay the first picture, and need more memory than the slot declares. */
const BATCH = 4;
/** Summing in another order moves scores and boxes by less than this. */
const TOLERANCE = { score: 0.005, iou: 0.99 };

/** @throws PipelineError MODEL_INVALID if the model finds no person in a drawing of one */
export async function testDetectorModel(detector: DetectorModel) {
  const { name, sidePx } = detector;
  const detection = await detector.detect(FIGURE, MIN_SCORE);
  if (!detection.found[0]) {
    throw new PipelineError(
      'MODEL_INVALID',
      `The detector ${name} finds no person in a drawing of one: it was not exported or trained correctly`,
    );
  }
  return {
    model: name,
    inputSize: sidePx,
    selfTestScore: Number(detection.found[0].score.toFixed(3)),
    selfTestMs: detection.timingsMs.model!,
    batch: await findBatch(detector, detection),
  };
}

/**
 * How many pictures to detect at once: several on a GPU, if the model takes them and gives the same as for one. A CPU
 * is as busy with one picture as with four.
 */
async function findBatch(
  { provider, takesBatches, detectTogether }: DetectorModel,
  single: Detection,
): Promise<number> {
  if (!takesBatches || provider === 'cpu') {
    return 1;
  }
  try {
    const batch = await detectTogether(new Array(BATCH).fill(FIGURE), MIN_SCORE);
    return batch.every((detection) => isSame(detection, single)) ? BATCH : 1;
  } catch {
    // For example, too little memory for four; the self-test has shown that one works.
    return 1;
  }
}

function isSame(a: Detection, b: Detection): boolean {
  return (
    a.found.length === b.found.length &&
    a.found.every(
      ({ score, box }, index) =>
        Math.abs(score - b.found[index]!.score) < TOLERANCE.score &&
        iou(box, b.found[index]!.box) > TOLERANCE.iou,
    )
  );
}
