import { open } from 'node:fs/promises';
import {
  adviseOn,
  describeMedia,
  detectMediaType,
  listLabels,
  MEDIA_HEAD_BYTES,
  type MediaKind,
  type MediaType,
} from '../../contracts/media-types.ts';
import { PipelineError } from '../../errors.ts';

/** Fields of a submission that contain a file. */
export type MediaField = 'image' | 'background_image' | 'audio';

const KINDS: Record<MediaField, MediaKind> = {
  image: 'picture',
  background_image: 'picture',
  audio: 'recording',
};

/**
 * Detects the type of a file by its first `MEDIA_HEAD_BYTES` and ignores its name. The media slot checks whether it can be
 * decoded.
 * @throws PipelineError MEDIA_UNSUPPORTED if the field does not accept the type
 */
export function requireMediaType(field: MediaField, head: Uint8Array): MediaType {
  const kind = KINDS[field];
  const type = detectMediaType(head);
  if (!type?.isAccepted || type.kind !== kind) {
    throw new PipelineError(
      'MEDIA_UNSUPPORTED',
      `Expected a ${kind} in the field ${field} as ${listLabels(kind)}, but received ${describeMedia(type)}. ${adviseOn(kind, type)}`,
      { details: { field, ...(type && { found: type.format }) } },
    );
  }
  return type;
}

/** The same, for a whole file. */
export async function readMediaType(field: MediaField, path: string): Promise<MediaType> {
  return requireMediaType(field, await readHead(path));
}

/** The bytes that decide about the type of a file. */
export async function readHead(path: string): Promise<Uint8Array> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(MEDIA_HEAD_BYTES), 0, MEDIA_HEAD_BYTES, 0);
  return buffer.subarray(0, bytesRead);
}
