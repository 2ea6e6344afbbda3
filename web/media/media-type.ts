import { detectMediaType, MEDIA_HEAD_BYTES, type MediaType } from '../../src/contracts/media-types.ts';

/** The type by the first bytes, as on the server. */
export async function mediaTypeOf(file: Blob): Promise<MediaType | undefined> {
  return detectMediaType(new Uint8Array(await file.slice(0, MEDIA_HEAD_BYTES).arrayBuffer()));
}
