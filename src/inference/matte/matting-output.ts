import { PipelineError } from '../../errors.ts';
import type { FloatTensor } from '../runtime/session.ts';

/** Outputs that `readAlpha` knows. */
export const MATTING_KINDS = ['alpha', 'logits'] as const;
export type MattingKind = (typeof MATTING_KINDS)[number];

/** Float arithmetic may pass 0 and 1 by a little. */
const TOLERANCE = 0.01;

/**
 * A matte of [1, 1, side, side] as bytes, 255 where the person is.
 * @throws PipelineError MODEL_INVALID for other shapes and for values that are no alpha.
 */
export function readAlpha(kind: MattingKind, { data, dims }: FloatTensor, sidePx: number): Uint8Array {
  if (dims.join() !== [1, 1, sidePx, sidePx].join()) {
    throw new PipelineError(
      'MODEL_INVALID',
      `The matte should be [1, 1, ${sidePx}, ${sidePx}], but is [${dims.join(', ')}]`,
    );
  }
  const alpha = new Uint8Array(data.length);
  const isLogit = kind === 'logits';
  for (let pixel = 0; pixel < data.length; pixel += 1) {
    const value = isLogit ? 1 / (1 + Math.exp(-data[pixel]!)) : data[pixel]!;
    if (!(value >= -TOLERANCE && value <= 1 + TOLERANCE)) {
      throw new PipelineError(
        'MODEL_INVALID',
        `The matte holds ${value}, where 0 to 1 is possible: the model was exported wrongly`,
      );
    }
    alpha[pixel] = 255 * Math.min(Math.max(value, 0), 1) + 0.5;
  }
  return alpha;
}
