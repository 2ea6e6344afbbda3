import { batch, computed, signal } from '@preact/signals';
import { newTaskId } from '../../src/client/task-id.ts';
import { DEFAULT_BACKGROUND } from '../../src/contracts/job.ts';
import type { JobOptions } from '../../src/contracts/schemas/job-options.ts';
import { checkPicture, type RefusedPicture } from '../media/check-picture.ts';
import { cutVoice } from '../media/cut-voice.ts';
import { type DecodedVoice, decodeVoice, isRecording } from '../media/decode-voice.ts';
import { strings } from '../strings/strings.ts';
import { info } from './info.ts';
import type { SavedSubmission } from './saved-submissions.ts';

export interface DraftPhoto {
  file: Blob;
  name: string;
  /** Whether it has several frames, of which the first is used. */
  isAnimation: boolean;
  /** What an `<img>` can show, if that is not the file itself. */
  shown?: Blob;
  /** Missing if the browser can't read the file. */
  picture?: ImageBitmap;
}

export interface DraftVoice {
  file: Blob;
  name: string;
  decoded?: DecodedVoice;
  isUndecodable?: boolean;
  /** The selection, in seconds. */
  fromS: number;
  toS: number;
  /** It was recorded on the page, so there is no file of it elsewhere. */
  isRecorded?: boolean;
  /** A submission has it, so it is not lost with the draft. */
  isSubmitted?: boolean;
}

export const DEFAULT_FIELDS = {
  background: DEFAULT_BACKGROUND as string,
  persons: 'ask',
  provider: 'auto',
  long_side_px: '',
  on_outage: 'wait',
  conf_threshold: '',
  apply_smoothing: 'true',
  priority: '3',
  deadline_s: '3600',
} satisfies Partial<Record<keyof JobOptions, string>>;
export type Fields = typeof DEFAULT_FIELDS;

/** The submission in progress. */
export const photo = signal<DraftPhoto | undefined>(undefined);
export const voice = signal<DraftVoice | undefined>(undefined);
export const backgroundImage = signal<Blob | undefined>(undefined);
export const fields = signal<Fields>(DEFAULT_FIELDS);
/** The last chosen photo, if it was rejected. */
export const refusedPhoto = signal<RefusedPicture | undefined>(undefined);
export const voiceFault = signal<string | undefined>(undefined);

/** Uses the image as the background. */
export function setBackgroundImage(image: Blob): void {
  backgroundImage.value = image;
  setField('background', 'image');
}

export const isComplete = computed(() => photo.value !== undefined && voice.value !== undefined);

/** The files for which the user has declared that the people in them have agreed. */
const declared = signal<{ photo: Blob | undefined; voice: Blob | undefined } | undefined>(undefined);

/** Another photo or recording may be of another person, who has to agree too. */
export const hasConsent = computed(
  () =>
    declared.value !== undefined &&
    declared.value.photo === photo.value?.file &&
    declared.value.voice === voice.value?.file,
);

export function setConsent(isGiven: boolean): void {
  declared.value = isGiven ? { photo: photo.value?.file, voice: voice.value?.file } : undefined;
}

/** Whether the value of the field `persons` is the number of a person, which belongs to one photo. */
export function isPersonNumber(persons: string): boolean {
  return /^\d+$/.test(persons);
}

export function setField(name: keyof Fields, value: string): void {
  fields.value = { ...fields.value, [name]: value };
}

/** Longest side of a photo's preview: sharp on every screen and small enough for a phone. */
const MAX_PREVIEW_PX = 1600;

/** The last chosen photo. It wins over earlier ones, even if they take longer to read. */
let offered: Blob | undefined;

/**
 * Uses the photo, or keeps the previous one and sets `refusedPhoto` to the reason.
 * @param changes fields that change with the photo
 */
export async function takePhoto(file: Blob, name: string, changes: Partial<Fields> = {}): Promise<void> {
  refusedPhoto.value = undefined;
  offered = file;
  const {
    refused,
    whole,
    shown,
    isAnimation = false,
  } = await checkPicture(file, name, info.value.limits.image_bytes);
  const picture = whole && (await shrink(whole));
  if (offered !== file) {
    return;
  }
  refusedPhoto.value = refused;
  if (refused) {
    return;
  }
  batch(() => {
    fields.value = { ...fields.value, ...changes };
    photo.value = { file, name, isAnimation, ...(shown && { shown }), ...(picture && { picture }) };
  });
}

/** A background image as every browser shows it, or why the server would refuse the file. */
export async function readBackground(file: File): Promise<{ image: Blob } | { refused: RefusedPicture }> {
  const { background_image_bytes } = info.value.limits;
  const { refused, whole, shown } = await checkPicture(file, file.name, background_image_bytes);
  whole?.close();
  return refused ? { refused } : { image: shown ?? file };
}

async function shrink(whole: ImageBitmap): Promise<ImageBitmap> {
  const scale = Math.min(1, MAX_PREVIEW_PX / Math.max(whole.width, whole.height));
  const picture = await createImageBitmap(whole, {
    resizeWidth: Math.max(1, Math.round(whole.width * scale)),
    resizeHeight: Math.max(1, Math.round(whole.height * scale)),
    resizeQuality: 'high',
  });
  whole.close();
  return picture;
}

export type VoiceFacts = Partial<Pick<DraftVoice, 'fromS' | 'toS' | 'isRecorded' | 'isSubmitted'>>;

/** Uses the recording. Returns `false` and keeps the previous one if the file isn't a recording. */
export async function takeVoice(
  file: Blob,
  name: string,
  { fromS = 0, toS, isRecorded = false, isSubmitted = false }: VoiceFacts = {},
): Promise<boolean> {
  voiceFault.value = undefined;
  if (!(await isRecording(file))) {
    return false;
  }
  const taken = { file, name, fromS, toS: toS ?? 0, isRecorded, isSubmitted };
  voice.value = taken;
  try {
    const decoded = await decodeVoice(file);
    if (voice.value?.file === file) {
      // A recording that was not decoded yet has no selection.
      voice.value = { ...taken, decoded, toS: toS && toS > fromS ? toS : decoded.durationS };
    }
  } catch {
    if (voice.value?.file === file) {
      voice.value = { ...voice.value, isUndecodable: true };
    }
  }
  return true;
}

/** Whether the draft has a recording that exists nowhere else. */
export const hasOnlyCopy = computed(() => voice.value?.isRecorded === true && !voice.value.isSubmitted);

export const isEmpty = computed(() => !photo.value && !voice.value && !backgroundImage.value);

export function clearDraft(): void {
  offered = undefined;
  refusedPhoto.value = undefined;
  voiceFault.value = undefined;
  photo.value = undefined;
  voice.value = undefined;
  backgroundImage.value = undefined;
  fields.value = DEFAULT_FIELDS;
}

export function isTrimmed({ decoded, fromS, toS }: DraftVoice): boolean {
  return decoded !== undefined && (fromS > 0 || toS < decoded.durationS);
}

/** The whole recording, or the selected part of it. */
export function chosenVoice(whole: DraftVoice): Blob {
  const { file, decoded, fromS, toS } = whole;
  return isTrimmed(whole) ? cutVoice(decoded!.buffer, fromS, toS) : file;
}

/** Leaves out fields with default values, so that the server's own defaults apply. */
export function toSentFields({ background, ...rest }: Fields): Record<string, string> {
  const sent = Object.entries(rest).filter(
    ([name, value]) => value !== '' && (name === 'persons' || value !== DEFAULT_FIELDS[name as keyof Fields]),
  );
  return { ...Object.fromEntries(sent), background };
}

export function toSubmission(): SavedSubmission | undefined {
  if (!photo.value || !voice.value) {
    return undefined;
  }
  const { background } = fields.value;
  const { file, fromS, toS, isRecorded = false } = voice.value;
  return {
    taskId: newTaskId(),
    keptAt: Date.now(),
    photo: photo.value.file,
    photoName: photo.value.name,
    ...(photo.value.shown && { shownPhoto: photo.value.shown }),
    voice: chosenVoice(voice.value),
    voiceName: voice.value.name,
    ...(isTrimmed(voice.value) && { whole: { file, fromS, toS } }),
    isRecorded,
    ...(background === 'image' && backgroundImage.value && { backgroundImage: backgroundImage.value }),
    fields: {
      ...toSentFields(fields.value),
      ...(hasConsent.value && { consent: strings.value.create.consent.id }),
    },
    isSubmitted: false,
  };
}

/** Starts a draft from an earlier submission, with some changes. */
export async function beginFrom(kept: SavedSubmission, changes: Partial<Fields> = {}): Promise<void> {
  const { consent: _, ...options } = kept.fields;
  fields.value = { ...DEFAULT_FIELDS, ...options, ...changes };
  backgroundImage.value = kept.backgroundImage;
  const { file, ...part } = kept.whole ?? { file: kept.voice };
  const facts = { ...part, isRecorded: kept.isRecorded ?? false, isSubmitted: true };
  await Promise.all([takePhoto(kept.photo, kept.photoName), takeVoice(file, kept.voiceName, facts)]);
}
