import { fileURLToPath } from 'node:url';
import { PipelineError } from '../../errors.ts';
import { probeBatch } from '../runtime/probe-batch.ts';
import type { DetectorModel } from './detector-model.ts';

/** A drawing is no photo: healthy models are less sure of it, broken ones see nothing at all. */
const MIN_SCORE = 0.02;
const FIGURE = fileURLToPath(new URL('../self-test-figure.svg', import.meta.url));

/** @throws PipelineError MODEL_INVALID where the model sees nobody in a drawing of a person. */
export async function testDetectorModel(detector: DetectorModel) {
  const { name, sidePx } = detector;
  const { found, timingsMs } = await detector.detect(FIGURE, MIN_SCORE);
  if (!found[0]) {
    throw new PipelineError(
      'MODEL_INVALID',
      `The detector ${name} sees nobody in a drawing of a person: the model was exported or trained wrongly`,
    );
  }
  return {
    model: name,
    inputSize: sidePx,
    selfTestScore: Number(found[0].score.toFixed(3)),
    selfTestMs: timingsMs.model!,
    batch: await probeBatch(detector, FIGURE, MIN_SCORE),
  };
}
