import { PipelineError } from '../../errors.ts';
import type { FloatTensor } from '../runtime/session.ts';

/** Output formats that `readAlpha` supports. */
export const MATTING_KINDS = ['alpha', 'logits'] as const;
export type MattingKind = (typeof MATTING_KINDS)[number];

/** Rounding may exceed 0 and 1 slightly. */
const TOLERANCE = 0.01;

/**
 * Converts a matte of [1, 1, side, side] to bytes, 255 for people.
 * @throws PipelineError MODEL_INVALID for other shapes and for values outside 0 to 1
 */
export function readAlpha(kind: MattingKind, { data, dims }: FloatTensor, sidePx: number): Uint8Array {
  if (dims.join() !== [1, 1, sidePx, sidePx].join()) {
    throw new PipelineError(
      'MODEL_INVALID',
      `Expected a matte of [1, 1, ${sidePx}, ${sidePx}], but got [${dims.join(', ')}]`,
    );
  }
  const alpha = new Uint8Array(data.length);
  const isLogit = kind === 'logits';
  for (let pixel = 0; pixel < data.length; pixel += 1) {
    const value = isLogit ? 1 / (1 + Math.exp(-data[pixel]!)) : data[pixel]!;
    if (!(value >= -TOLERANCE && value <= 1 + TOLERANCE)) {
      throw new PipelineError(
        'MODEL_INVALID',
        `Expected alpha from 0 to 1, but the model returned ${value}: it was not exported correctly`,
      );
    }
    alpha[pixel] = 255 * Math.min(Math.max(value, 0), 1) + 0.5;
  }
  return alpha;
}
