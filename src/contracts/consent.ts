/**
 * What a client declares about the people in its files, by id: language and version. Records name the id, so a text never
 * changes and no id is removed: a new wording gets a new id.
 */
export const CONSENT_TEXTS = {
  'en-1': 'Everyone whose face or voice I use here has agreed to this video.',
  'de-1': 'Alle, deren Gesicht oder Stimme ich verwende, haben diesem Video zugestimmt.',
} as const;

export type ConsentTextId = keyof typeof CONSENT_TEXTS;

export const CONSENT_TEXT_IDS = Object.keys(CONSENT_TEXTS) as [ConsentTextId, ...ConsentTextId[]];
