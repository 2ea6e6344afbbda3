/** What can be in front of a mouth. */
export const COVER_KINDS = ['mask', 'hand', 'object'] as const;
export type CoverKind = (typeof COVER_KINDS)[number];

/** Why a face cannot be animated, with what was measured in the photo. Names are those of the wire. */
export type FaceRefusal =
  /** The selected person shows no face. The next two are reasons for it. */
  | { reason: 'none' }
  | { reason: 'drawing' }
  | { reason: 'dark' }
  /** From hairline to chin. */
  | { reason: 'too_small'; height_px: number; min_height_px: number }
  | { reason: 'cut_off'; outside_percent: number }
  /** As the viewer sees it. */
  | { reason: 'turned'; to: 'left' | 'right'; degrees: number; max_degrees: number }
  /** The head lies on its side or is upside down. */
  | { reason: 'sideways'; degrees: number; max_degrees?: number }
  /** In front of the mouth or the chin, both of which move. */
  | { reason: 'covered'; by: CoverKind | 'unknown' }
  | { reason: 'mouth_open' }
  /** Eyes, nose and mouth cannot be located. */
  | { reason: 'unclear' };

export interface FaceText {
  /** What was found in this photo: a sentence without its full stop. */
  title: string;
  /** What to do about it, in whole sentences. */
  advice: string;
}

/** The texts of one language for every reason. */
export type FaceWords = {
  [Reason in FaceRefusal['reason']]: (facts: Extract<FaceRefusal, { reason: Reason }>) => FaceText;
};

/** The words of API and CLI, and of the page in English. */
export const FACE_WORDS: FaceWords = {
  none: () => ({
    title: 'The selected person shows no face',
    advice: 'Use a photo in which the face is uncovered and looks at the camera.',
  }),
  drawing: () => ({
    title: 'This looks like a drawing, and no face was found in it',
    advice: 'Use a photo, or a drawing with eyes, nose and mouth like those in a photo.',
  }),
  dark: () => ({
    title: 'The photo is too dark to find a face in it',
    advice: 'Use a photo with light on the face.',
  }),
  too_small: ({ height_px: found, min_height_px: needed }) => ({
    title: `The face is too small: ${found} pixels from hairline to chin, and at least ${needed} are needed`,
    advice: 'Use a larger photo, or one taken from closer.',
  }),
  cut_off: ({ outside_percent: percent }) => ({
    title: `${percent} % of the face is outside the photo`,
    advice: 'Use a photo that shows the whole face.',
  }),
  turned: ({ to, degrees, max_degrees: max }) => ({
    title: `The face is turned about ${degrees} degrees to the ${to}`,
    // The angle may be underestimated.
    advice: `Use a photo from the front.${degrees > max ? ` Up to ${max} degrees work.` : ''}`,
  }),
  sideways: ({ degrees }) => ({
    title:
      degrees > 135
        ? 'The face is upside down'
        : `The head lies on its side: it is rotated by about ${degrees} degrees`,
    advice: 'Rotate the photo so that the face is upright.',
  }),
  covered: ({ by }) => ({
    title: `${COVERS[by]} covers the mouth or the chin`,
    advice: 'Use a photo with nothing in front of mouth and chin. Beards and glasses are fine.',
  }),
  mouth_open: () => ({
    title: 'The mouth is wide open',
    advice: 'Use a photo with the mouth closed or smiling.',
  }),
  unclear: () => ({
    title: 'Eyes, nose and mouth are not clearly visible',
    advice:
      'Use a sharp photo from the front, with the head neither raised nor lowered and nothing in front of the face.',
  }),
};

const COVERS = {
  mask: 'A mask or scarf',
  hand: 'A hand',
  object: 'Something, such as a microphone or a cup,',
  unknown: 'Something',
};

/** The texts of a refusal in a language. */
export function faceText(words: FaceWords, facts: FaceRefusal): FaceText {
  return (words[facts.reason] as (facts: FaceRefusal) => FaceText)(facts);
}
