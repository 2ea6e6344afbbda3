import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { mediaTypeOf } from '../../media/media-type.ts';
import {
  DEFAULT_FIELDS,
  fields,
  hasOnlyCopy,
  isPersonNumber,
  readBackground,
  refusedPhoto,
  setBackgroundImage,
  takePhoto,
  takeVoice,
  voiceFault,
} from '../../state/draft.ts';
import { info } from '../../state/info.ts';
import { go, route } from '../../state/route.ts';
import { formatList, formatName } from '../../strings/format.ts';
import { strings } from '../../strings/strings.ts';
import { announce } from '../../ui/announcer.tsx';
import { toWords } from '../../ui/picture-notice.tsx';
import { ask } from '../../ui/question.tsx';

/** A part of the view, marked by the attribute `data-drop`. */
export type Zone = 'photo' | 'voice' | 'background';

/** Where files are being dragged. `page` is everywhere else. */
export const draggedOver = signal<Zone | 'page' | undefined>(undefined);

/** Sentences about what was dropped or pasted and not used. */
export const notTaken = signal<string[]>([]);

interface Offer {
  files: File[];
  /** Names of folders. */
  folders: string[];
  /** Text without a file. */
  text?: 'link' | 'text';
}

/** Accepts what is dropped or pasted anywhere on the page. Without this, the browser would leave the page and open a file. */
export function useOfferedFiles(): void {
  useEffect(() => {
    const listening = new AbortController();
    const { signal } = listening;
    let isOwn = false;
    addEventListener('dragstart', () => (isOwn = true), { signal });
    addEventListener('dragend', () => (isOwn = false), { signal });
    addEventListener(
      'dragover',
      (event) => {
        if (isOwn) return;
        event.preventDefault();
        draggedOver.value = zoneOf(event) ?? 'page';
      },
      { signal },
    );
    addEventListener(
      'dragleave',
      ({ relatedTarget }) => {
        if (!relatedTarget) draggedOver.value = undefined;
      },
      { signal },
    );
    addEventListener(
      'drop',
      (event) => {
        draggedOver.value = undefined;
        if (isOwn) return;
        event.preventDefault();
        if (event.dataTransfer) void take(readOffer(event.dataTransfer), zoneOf(event));
      },
      { signal },
    );
    addEventListener(
      'paste',
      ({ clipboardData, target }) => {
        const offer = clipboardData && readOffer(clipboardData);
        const isTyping = target instanceof Element && target.closest('input, textarea, select') !== null;
        if (offer && (offer.files.length > 0 || !isTyping)) void take(offer, undefined);
      },
      { signal },
    );
    return () => listening.abort();
  }, []);
}

function zoneOf({ target }: DragEvent): Zone | undefined {
  const zone = target instanceof Element ? target.closest<HTMLElement>('[data-drop]') : undefined;
  return zone?.dataset.drop as Zone | undefined;
}

/** Must be called within the event, because its data is gone afterwards. */
function readOffer({ items, types }: DataTransfer): Offer {
  const offer: Offer = { files: [], folders: [] };
  for (const item of items) {
    if (item.kind !== 'file') continue;
    const entry = item.webkitGetAsEntry?.();
    const file = item.getAsFile();
    if (entry?.isDirectory) offer.folders.push(entry.name);
    else if (file) offer.files.push(file);
  }
  // A picture that is dragged from another page comes with its address.
  if (offer.files.length === 0 && offer.folders.length === 0) {
    if (types.includes('text/uri-list')) offer.text = 'link';
    else if (types.length > 0) offer.text = 'text';
  }
  return offer;
}

type Kind = 'picture' | 'recording' | 'other';

/** By its first bytes. A damaged file counts as what it claims to be, so that the message about it is at the right place. */
async function kindOf(file: File): Promise<Kind> {
  const kind = (await mediaTypeOf(file))?.kind;
  if (kind !== undefined) return kind;
  if (file.type.startsWith('image/')) return 'picture';
  return /^(audio|video)\//.test(file.type) ? 'recording' : 'other';
}

/** Passes each file to the panel for its kind, wherever it was dropped, and says what was not used. */
async function take({ files, folders, text }: Offer, zone: Zone | undefined): Promise<void> {
  const isElsewhere = route.value.view !== 'create';
  if (isElsewhere && files.length === 0) {
    return;
  }
  const t = strings.value.create.notTaken;
  const found: Record<Kind, File[]> = { picture: [], recording: [], other: [] };
  for (const file of files) found[await kindOf(file)].push(file);
  if (isElsewhere) go({ view: 'create' });

  const [picture, ...pictures] = found.picture;
  const [voice, ...voices] = found.recording;
  const others = [...found.other];
  // Dropped by itself on a panel, it is refused there.
  const [only] = files.length === 1 ? others : [];
  if (only && (zone === 'photo' || zone === 'voice')) others.pop();
  notTaken.value = [
    ...(pictures.length > 0 ? [t.pictures(namesOf(pictures))] : []),
    ...(voices.length > 0 ? [t.recordings(namesOf(voices))] : []),
    ...(others.length > 0 ? [t.others(namesOf(others))] : []),
    ...folders.map((name) => t.folder(formatName(name))),
    ...(text ? [t[text]] : []),
  ];
  if (picture && zone === 'background') {
    await takeBackground(picture);
  } else if (picture || (only && zone === 'photo')) {
    await offerPhoto(picture ?? only);
  }
  if (voice || (only && zone === 'voice')) {
    await offerVoice(voice ?? only);
  }
  if (notTaken.value.length > 0) announce(notTaken.value.join(' '));
}

export async function offerPhoto(file: File | undefined): Promise<void> {
  if (file) {
    await takePhoto(
      file,
      file.name,
      isPersonNumber(fields.value.persons) ? { persons: DEFAULT_FIELDS.persons } : {},
    );
    announce(refusedPhoto.value ? toWords(refusedPhoto.value) : strings.value.create.photo.alt(file.name));
  }
}

/** Whether the recording may go. Asks if it exists nowhere else. */
export async function mayLoseVoice(): Promise<boolean> {
  return !hasOnlyCopy.value || ask(strings.value.create.voice.discard);
}

export async function offerVoice(file: File | undefined): Promise<void> {
  if (!file) {
    return;
  }
  const t = strings.value.create.voice;
  const most = info.value.limits.audio_bytes;
  if (file.size > most) {
    voiceFault.value = t.tooLarge(Math.floor(most / 1e6));
  } else if (file.size === 0) {
    voiceFault.value = t.empty(formatName(file.name));
  } else if (!(await mayLoseVoice())) {
    return;
  } else if (await takeVoice(file, file.name)) {
    announce(file.name);
    return;
  } else {
    voiceFault.value = t.notVoice(formatName(file.name), (await mediaTypeOf(file))?.label);
  }
  announce(voiceFault.value);
}

async function takeBackground(file: File): Promise<void> {
  const read = await readBackground(file);
  if ('image' in read) setBackgroundImage(read.image);
  else notTaken.value = [...notTaken.value, toWords(read.refused)];
}

const MAX_NAMES = 3;

function namesOf(files: File[]): string {
  const names = files.slice(0, MAX_NAMES).map(({ name }) => strings.value.quoted(formatName(name)));
  const more = files.length - names.length;
  return formatList(more > 0 ? [...names, strings.value.create.notTaken.more(more)] : names);
}
