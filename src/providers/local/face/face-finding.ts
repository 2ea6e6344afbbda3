import type { ErrorCode } from '../../../contracts/error-codes.ts';
import { PipelineError } from '../../../errors.ts';

/** Why the face of the selected person cannot be animated: what was measured in this photo. */
export type FaceFinding =
  /** No face on the person, in no direction and at no size. */
  | { kind: 'none' }
  /** No clear face, in a photo whose brightest parts have this luma, 0 to 255. */
  | { kind: 'dark'; luma: number }
  | { kind: 'lyingOnItsSide' }
  | { kind: 'upsideDown' }
  /** From hairline to chin. */
  | { kind: 'tooSmall'; heightPx: number; minHeightPx: number }
  /** Share of the landmarks outside the photo. */
  | { kind: 'outside'; share: number }
  | { kind: 'turned'; degrees: number }
  /** The landmarks are unsure of it, or do not converge. */
  | { kind: 'unclear'; logit: number; drift: number }
  /** Gap between the lips, as a share of the mouth's width. */
  | { kind: 'mouthOpen'; gap: number };

/** The refusal of a photo: what was expected, what was found and what to change. */
export function toRefusal(finding: FaceFinding): PipelineError {
  const { kind, ...details } = finding;
  const code: ErrorCode = kind === 'none' ? 'FACE_NOT_FOUND' : 'FACE_UNSUITABLE';
  return new PipelineError(code, messageOf(finding), { details: { kind, ...details } });
}

function messageOf(finding: FaceFinding): string {
  switch (finding.kind) {
    case 'none':
      return 'Expected a face on the selected person, but found none. Use a photo in which the person looks at the camera.';
    case 'dark':
      return 'Expected a clearly visible face, but the photo is too dark to recognise one. Use a brighter photo.';
    case 'lyingOnItsSide':
      return 'Expected an upright face, but found one that lies on its side. Turn the photo.';
    case 'upsideDown':
      return 'Expected an upright face, but found one that is upside down. Turn the photo.';
    case 'tooSmall':
      return `Expected a face of at least ${finding.minHeightPx} pixels from hairline to chin, but found one of ${finding.heightPx}. Use a larger photo, or one taken from closer.`;
    case 'outside':
      return `Expected a whole face, but ${Math.round(100 * finding.share)} % of it is outside the photo. Use a photo that shows the whole face.`;
    case 'turned':
      return `Expected a face that looks at the camera, but found one turned about ${finding.degrees} degrees to the side. Use a photo from the front.`;
    case 'unclear':
      return 'Expected a face with clearly visible eyes, nose and mouth, but found one that is turned away or covered. Use an upright photo from the front with nothing in front of the face.';
    case 'mouthOpen':
      return 'Expected a closed or smiling mouth, but found one that is wide open. Use a photo with the mouth closed.';
  }
}
