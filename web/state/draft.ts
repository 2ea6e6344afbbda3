import { computed, signal } from '@preact/signals';
import { newTaskId } from '../../src/client/task-id.ts';
import { DEFAULT_BACKGROUND } from '../../src/contracts/job.ts';
import { cutVoice } from '../media/cut-voice.ts';
import { type DecodedVoice, decodeVoice } from '../media/decode-voice.ts';
import { sketchPerson } from '../media/sketch-person.ts';
import type { Keepsake } from './keepsakes.ts';

export interface DraftPhoto {
  file: Blob;
  name: string;
  /** Absent where the browser cannot read it, and until it has. */
  picture?: ImageBitmap;
  /** Where the person may be: see `sketchPerson`. */
  sketch?: HTMLCanvasElement;
}

export interface DraftVoice {
  file: Blob;
  name: string;
  decoded?: DecodedVoice;
  isUndecodable?: boolean;
  /** The selection, in seconds. */
  fromS: number;
  toS: number;
}

export const DEFAULT_FIELDS = {
  background: DEFAULT_BACKGROUND as string,
  persons: 'ask',
  provider: 'auto',
  on_outage: 'wait',
  conf_threshold: '',
  apply_smoothing: 'true',
  priority: '3',
  deadline_s: '3600',
};
export type Fields = typeof DEFAULT_FIELDS;

/** What is being put together. */
export const photo = signal<DraftPhoto | undefined>(undefined);
export const voice = signal<DraftVoice | undefined>(undefined);
export const backgroundImage = signal<Blob | undefined>(undefined);
export const fields = signal<Fields>(DEFAULT_FIELDS);
export const photoFault = signal<string | undefined>(undefined);
export const voiceFault = signal<string | undefined>(undefined);

export const isComplete = computed(() => photo.value !== undefined && voice.value !== undefined);

export function setField(name: keyof Fields, value: string): void {
  fields.value = { ...fields.value, [name]: value };
}

/** Longest side of what is drawn of a photo: sharp on every screen, light for a phone. */
const SHOWN_PX = 1600;

export async function takePhoto(file: Blob, name: string): Promise<void> {
  photoFault.value = undefined;
  photo.value = { file, name };
  try {
    const whole = await createImageBitmap(file);
    const scale = Math.min(1, SHOWN_PX / Math.max(whole.width, whole.height));
    const picture = await createImageBitmap(whole, {
      resizeWidth: Math.max(1, Math.round(whole.width * scale)),
      resizeHeight: Math.max(1, Math.round(whole.height * scale)),
      resizeQuality: 'high',
    });
    whole.close();
    if (photo.value?.file === file) {
      photo.value = { file, name, picture, sketch: sketchPerson(picture) };
    }
  } catch {
    // The server reads more kinds than some browsers do.
  }
}

export async function takeVoice(file: Blob, name: string): Promise<void> {
  voiceFault.value = undefined;
  voice.value = { file, name, fromS: 0, toS: 0 };
  try {
    const decoded = await decodeVoice(file);
    if (voice.value?.file === file) {
      voice.value = { file, name, decoded, fromS: 0, toS: decoded.durationS };
    }
  } catch {
    if (voice.value?.file === file) {
      voice.value = { ...voice.value, isUndecodable: true };
    }
  }
}

export function clearDraft(): void {
  photo.value = undefined;
  voice.value = undefined;
  backgroundImage.value = undefined;
  fields.value = DEFAULT_FIELDS;
}

/** The recording as it is, or what was selected of it. */
function chosenVoice({ file, decoded, fromS, toS }: DraftVoice): Blob {
  const isWhole = !decoded || (fromS <= 0 && toS >= decoded.durationS);
  return isWhole ? file : cutVoice(decoded.buffer, fromS, toS);
}

/** Fields that say what the server would do anyway are not sent, so that its defaults count. */
export function toKeepsake(): Keepsake | undefined {
  if (!photo.value || !voice.value) {
    return undefined;
  }
  const { background, ...rest } = fields.value;
  const sent = Object.fromEntries(
    Object.entries(rest).filter(
      ([name, value]) =>
        value !== '' && (name === 'persons' || value !== DEFAULT_FIELDS[name as keyof Fields]),
    ),
  );
  return {
    taskId: newTaskId(),
    keptAt: Date.now(),
    photo: photo.value.file,
    photoName: photo.value.name,
    voice: chosenVoice(voice.value),
    voiceName: voice.value.name,
    ...(background === 'image' && backgroundImage.value && { backgroundImage: backgroundImage.value }),
    fields: { ...sent, background },
    isSubmitted: false,
  };
}

/** Begins with what an earlier task was made of, and what is to be different. */
export async function beginFrom(kept: Keepsake, changes: Partial<Fields> = {}): Promise<void> {
  fields.value = { ...DEFAULT_FIELDS, ...kept.fields, ...changes };
  backgroundImage.value = kept.backgroundImage;
  await Promise.all([takePhoto(kept.photo, kept.photoName), takeVoice(kept.voice, kept.voiceName)]);
}
