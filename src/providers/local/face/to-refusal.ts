import { FACE_WORDS, type FaceRefusal, faceText } from '../../../contracts/face-refusals.ts';
import { PipelineError } from '../../../errors.ts';

const NOT_FOUND: ReadonlySet<FaceRefusal['reason']> = new Set(['none', 'drawing', 'dark']);

/**
 * The refusal of a photo, in the words of `contracts/face-refusals.ts`. Its details are the facts, which the page puts
 * into words of its own.
 */
export function toRefusal(facts: FaceRefusal): PipelineError {
  const { title, advice } = faceText(FACE_WORDS, facts);
  const code = NOT_FOUND.has(facts.reason) ? 'FACE_NOT_FOUND' : 'FACE_UNSUITABLE';
  return new PipelineError(code, `${title}. ${advice}`, { details: { ...facts } });
}
