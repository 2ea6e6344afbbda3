import { batch, effect, signal } from '@preact/signals';
import type { PhotoPreview } from '../../src/contracts/schemas/photo-preview.ts';
import { postForm, readFile } from '../server/server.ts';
import { fields, isPersonNumber, photo } from './draft.ts';

export interface ShownPreview {
  persons: PhotoPreview['persons'];
  /** The person that is cut out. */
  selected: number | undefined;
  /** The person with alpha. Missing if nobody could be cut out. */
  cutout: ImageBitmap | undefined;
  /** The face of each person, by number. */
  faces: Map<number, Blob>;
}

/** What the server found in the photo of the draft. Without it the page shows the photo alone. */
export const photoPreview = signal<ShownPreview | undefined>(undefined);
export const isPreviewing = signal(false);

/** A request holds one of the few connections to the server. */
const TIMEOUT_MS = 20_000;

let request = new AbortController();

/** Stops the request for a preview: the connection is needed for a submission. */
export function stopPreview(): void {
  request.abort();
}

/** Asks the server for a preview of each photo, and again after a change that matters. Called once when the page starts. */
export function keepPreview(): void {
  let asked = { file: undefined as Blob | undefined, options: '', person: '' };
  effect(() => {
    const file = photo.value?.file;
    const { persons, conf_threshold, apply_smoothing } = fields.value;
    const options = [conf_threshold, apply_smoothing].join();
    const person = isPersonNumber(persons) ? persons : '';
    const shown = photoPreview.peek();
    const isSame = file === asked.file && options === asked.options;
    // The best person was cut out unasked.
    const isShown = shown && (person === '' || person === String(shown.selected));
    if (isSame && (person === asked.person || isShown)) {
      return;
    }
    const isNew = file !== asked.file;
    asked = { file, options, person };
    stopPreview();
    request = new AbortController();
    batch(() => {
      if (isNew) photoPreview.value = undefined;
      isPreviewing.value = file !== undefined;
    });
    if (file) {
      void show(file, { conf_threshold, apply_smoothing, person }, request.signal);
    }
  });
}

async function show(file: Blob, options: Record<string, string>, stopped: AbortSignal): Promise<void> {
  const signal = AbortSignal.any([stopped, AbortSignal.timeout(TIMEOUT_MS)]);
  const form = new FormData();
  for (const [name, value] of Object.entries(options)) {
    if (value !== '') form.set(name, value);
  }
  form.set('image', file);
  const found = await postForm<PhotoPreview>('/api/pipeline/previews', form, signal);
  const preview = found && (await readFiles(found, signal));
  if (stopped.aborted) {
    preview?.cutout?.close();
    return;
  }
  batch(() => {
    if (preview) photoPreview.value = preview;
    isPreviewing.value = false;
  });
}

async function readFiles(found: PhotoPreview, signal: AbortSignal): Promise<ShownPreview> {
  const { persons, selected_person_id, cutout_url } = found;
  const faces = new Map<number, Blob>();
  const readCutout = async () => {
    const file = cutout_url && (await readFile(cutout_url, signal));
    return file ? createImageBitmap(file).catch(() => undefined) : undefined;
  };
  const readFace = async ({ id, face_url }: PhotoPreview['persons'][number]) => {
    const face = await readFile(face_url, signal);
    if (face) faces.set(id, face);
  };
  // The face of a single person is no choice.
  const shown = persons.length > 1 ? persons.slice(0, MAX_FACES) : [];
  const [cutout] = await Promise.all([readCutout(), ...shown.map(readFace)]);
  return { persons: persons.slice(0, MAX_FACES), selected: selected_person_id, cutout, faces };
}

/** As many as the server crops. */
const MAX_FACES = 12;
