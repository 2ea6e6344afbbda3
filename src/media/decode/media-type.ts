import { fileTypeFromBuffer } from 'file-type';
import { PipelineError } from '../../errors.ts';
import { readsHeic } from '../picture/image-library.ts';

/** Fields of a submission that contain a file. */
export type MediaField = 'image' | 'background_image' | 'audio';

/** Number of bytes that `requireMediaType` needs, from the start of the file. */
export const MEDIA_HEAD_BYTES = 4096;

const IMAGES: Record<string, string> = {
  'image/jpeg': 'jpeg',
  'image/png': 'png',
  'image/webp': 'webp',
  'image/avif': 'avif',
};

const HEIC: Record<string, string> = {
  'image/heic': 'heic',
  'image/heif': 'heic',
};

/** Includes videos: their sound is a recording, too. */
const RECORDINGS: Record<string, string> = {
  'audio/wav': 'wav',
  'audio/mpeg': 'mp3',
  'audio/x-m4a': 'm4a',
  'audio/mp4': 'm4a',
  'audio/aac': 'aac',
  'audio/flac': 'flac',
  'audio/ogg': 'ogg',
  'audio/ogg; codecs=opus': 'ogg',
  'application/ogg': 'ogg',
  'video/ogg': 'ogg',
  'audio/webm': 'webm',
  'video/webm': 'webm',
  'video/matroska': 'matroska',
  'video/mp4': 'mp4',
  'video/x-m4v': 'mp4',
  'video/3gpp': 'mp4',
  'video/quicktime': 'quicktime',
};

const FIELDS: Record<MediaField, { types: Record<string, string>; expected: string; hint: string }> = {
  image: pictureField('image'),
  background_image: pictureField('background_image'),
  audio: {
    types: RECORDINGS,
    expected:
      'a recording in the field audio as WAV, MP3, M4A, AAC, FLAC, OGG or WebM (or a video with sound as MP4, MOV or WebM)',
    hint: 'Save it as one of these and send it again.',
  },
};

function pictureField(name: string) {
  return {
    types: readsHeic ? { ...IMAGES, ...HEIC } : IMAGES,
    expected: `a picture in the field ${name} as JPEG, PNG, WebP or AVIF`,
    hint: 'Save it as JPEG and send it again.',
  };
}

/**
 * Detects the type of a file by its first bytes and ignores its name. The media slot checks whether it can be decoded.
 * @returns a short name such as `jpeg` or `wav`
 * @throws PipelineError MEDIA_UNSUPPORTED if the field does not accept the type
 */
export async function requireMediaType(field: MediaField, head: Uint8Array): Promise<string> {
  const found = await fileTypeFromBuffer(head);
  const { types, expected, hint } = FIELDS[field];
  const type = found && types[found.mime];
  if (!type) {
    const received = found ? `a file of type ${toName(found.mime)}` : 'a file of an unknown type';
    throw new PipelineError('MEDIA_UNSUPPORTED', `Expected ${expected}, but received ${received}. ${hint}`, {
      details: { field, ...(found && { found: found.mime }) },
    });
  }
  return type;
}

function toName(mime: string): string {
  return (IMAGES[mime] ?? HEIC[mime] ?? RECORDINGS[mime] ?? mime.replace(/^\w+\/(x-)?/, '')).toUpperCase();
}
