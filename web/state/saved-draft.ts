import { effect } from '@preact/signals';
import { newTaskId } from '../../src/client/task-id.ts';
import { run } from './database.ts';
import {
  backgroundImage,
  type DraftVoice,
  type Fields,
  fields,
  photo,
  takePhoto,
  takeVoice,
  voice,
} from './draft.ts';
import { storedText } from './stored-text.ts';

/** The draft of this tab, stored in the browser, so that it survives a reload, the Back button and a crash. */
interface SavedParts {
  photo: { file: Blob; name: string };
  voice: Omit<DraftVoice, 'decoded' | 'isUndecodable'>;
  background: Blob;
  fields: Fields;
}

/** Each part by itself, because a move of the trim handles need not write the photo again. */
interface SavedPart {
  key: string;
  /** Milliseconds since 1970. */
  keptAt: number;
  value: unknown;
}

const MAX_AGE_MS = 7 * 24 * 3600 * 1000;
/** Handles that are dragged change the draft with every frame. */
const SAVE_DELAY_MS = 150;

/** Tabs have drafts of their own. */
const draftId = storedText('limelight.draft', 'sessionStorage');

/** Restores the draft of this tab and saves its changes from now on. Called once when the page starts. */
export async function keepDraft(): Promise<void> {
  const id = draftId.read() ?? newTaskId();
  draftId.write(id);
  const keyOf = (part: keyof SavedParts) => `${id}/${part}`;
  const read = async <Part extends keyof SavedParts>(part: Part) => {
    const saved = await run<SavedPart | undefined>('drafts', 'readonly', (store) => store.get(keyOf(part)));
    return saved?.value as SavedParts[Part] | undefined;
  };
  try {
    await removeOld();
    const saved = {
      photo: await read('photo'),
      voice: await read('voice'),
      background: await read('background'),
      fields: await read('fields'),
    };
    // Whatever the user did in the meantime wins.
    if (!photo.value && !voice.value) {
      fields.value = { ...fields.value, ...saved.fields };
      backgroundImage.value ??= saved.background;
      await Promise.all([
        saved.photo && takePhoto(saved.photo.file, saved.photo.name),
        saved.voice && takeVoice(saved.voice.file, saved.voice.name, saved.voice),
      ]);
    }
  } catch {
    // Then nothing is stored: a private window, or no space.
    return;
  }
  const save = (part: keyof SavedParts, toValue: () => SavedParts[typeof part] | undefined) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    effect(() => {
      const value = toValue();
      clearTimeout(timer);
      timer = setTimeout(() => void write(keyOf(part), value), SAVE_DELAY_MS);
    });
  };
  save('photo', () => photo.value && { file: photo.value.file, name: photo.value.name });
  save('voice', () => voice.value && withoutSamples(voice.value));
  save('background', () => backgroundImage.value);
  save('fields', () => fields.value);
}

/** Decoded samples are large, and are decoded again. */
function withoutSamples({ decoded: _, isUndecodable: __, ...rest }: DraftVoice): SavedParts['voice'] {
  return rest;
}

async function write(key: string, value: SavedParts[keyof SavedParts] | undefined): Promise<void> {
  try {
    const part: SavedPart = { key, keptAt: Date.now(), value };
    await run(
      'drafts',
      'readwrite',
      (store): IDBRequest => (value === undefined ? store.delete(key) : store.put(part)),
    );
  } catch {
    // As above.
  }
}

async function removeOld(): Promise<void> {
  const old = IDBKeyRange.upperBound(Date.now() - MAX_AGE_MS);
  const keys = await run('drafts', 'readonly', (store) => store.index('keptAt').getAllKeys(old));
  for (const key of keys) await run('drafts', 'readwrite', (store) => store.delete(key));
}
