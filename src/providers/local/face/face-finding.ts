import { type CoverKind, FACE_WORDS, type FaceRefusal, faceText } from '../../../contracts/face-refusals.ts';
import { PipelineError } from '../../../errors.ts';

/** Why the face of the selected person cannot be animated: what was measured in this photo. */
export type FaceFinding =
  /** No face on the person, in no direction and at no size. */
  | { kind: 'none' }
  /** The same, in a drawing. */
  | { kind: 'drawing' }
  /** The same, in a dark photo. */
  | { kind: 'dark' }
  | { kind: 'lyingOnItsSide' }
  | { kind: 'upsideDown' }
  /** Between upright and lying. */
  | { kind: 'tilted'; degrees: number; maxDegrees: number }
  /** From hairline to chin. */
  | { kind: 'tooSmall'; heightPx: number; minHeightPx: number }
  /** Share of the landmarks outside the photo. */
  | { kind: 'outside'; share: number }
  /** Positive to the viewer's right. */
  | { kind: 'turned'; degrees: number; maxDegrees: number }
  /** How sure the model of covers is, 0 to 1. */
  | { kind: 'covered'; by: CoverKind | 'unknown'; score: number }
  /** The landmarks are unsure of it, or do not converge. */
  | { kind: 'unclear'; logit: number; drift: number }
  /** Gap between the lips, as a share of the mouth's width. */
  | { kind: 'mouthOpen'; gap: number };

/**
 * The refusal of a photo, in the words of `contracts/face-refusals.ts`. Its details are a `FaceRefusal`, which the page
 * puts into words of its own.
 */
export function toRefusal(finding: FaceFinding): PipelineError {
  const facts = toFacts(finding);
  const { title, advice } = faceText(FACE_WORDS, facts);
  const isFound = !NOT_FOUND.has(finding.kind);
  return new PipelineError(isFound ? 'FACE_UNSUITABLE' : 'FACE_NOT_FOUND', `${title}. ${advice}`, {
    details: { ...facts },
  });
}

const NOT_FOUND: ReadonlySet<FaceFinding['kind']> = new Set(['none', 'drawing', 'dark']);

/** What clients are told, in whole numbers. */
function toFacts(finding: FaceFinding): FaceRefusal {
  switch (finding.kind) {
    case 'none':
    case 'drawing':
    case 'dark':
    case 'unclear':
      return { reason: finding.kind };
    case 'lyingOnItsSide':
      return { reason: 'sideways', degrees: 90 };
    case 'upsideDown':
      return { reason: 'sideways', degrees: 180 };
    case 'tilted':
      return { reason: 'sideways', degrees: Math.round(finding.degrees), max_degrees: finding.maxDegrees };
    case 'tooSmall':
      return { reason: 'too_small', height_px: finding.heightPx, min_height_px: finding.minHeightPx };
    case 'outside':
      return { reason: 'cut_off', outside_percent: Math.round(100 * finding.share) };
    case 'turned':
      return {
        reason: 'turned',
        to: finding.degrees > 0 ? 'right' : 'left',
        degrees: Math.abs(Math.round(finding.degrees)),
        max_degrees: finding.maxDegrees,
      };
    case 'covered':
      return { reason: 'covered', by: finding.by };
    case 'mouthOpen':
      return { reason: 'mouth_open' };
  }
}
