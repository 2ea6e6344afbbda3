import type { ByteRange } from '../../ports/object-store.ts';

/** Longer than two numbers of 15 digits need. */
const MAX_HEADER_LENGTH = 100;

/**
 * The part of `bytes` that a `Range` header requests (RFC 9110, 14.1.2). `undefined` means all of it: there is no valid
 * header, or it requests several parts, which a server may ignore. `unsatisfiable` is outside.
 */
export function parseByteRange(
  header: string | undefined,
  bytes: number,
): ByteRange | 'unsatisfiable' | undefined {
  if (header === undefined || header.length > MAX_HEADER_LENGTH) {
    return undefined;
  }
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/i.exec(header.replaceAll(/[ \t]/g, '')) ?? [];
  if (first === '' && last === '') {
    return undefined;
  }
  if (first === '') {
    const length = Math.min(Number(last), bytes);
    return length === 0 ? 'unsatisfiable' : { start: bytes - length, end: bytes - 1 };
  }
  const start = Number(first);
  const end = last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1);
  if (last !== '' && Number(last) < start) {
    return undefined;
  }
  return start >= bytes ? 'unsatisfiable' : { start, end };
}

/** Identifies the version of a file that a client may hold already (RFC 9110, 13.1). */
export interface Validators {
  /** Strong, with its quotes. */
  etag: string;
  modifiedAt: Date;
}

/** Whether to answer 304. `If-None-Match` overrides `If-Modified-Since`. */
export function isUnchanged(
  { etag, modifiedAt }: Validators,
  headers: { ifNoneMatch: string | undefined; ifModifiedSince: string | undefined },
): boolean {
  if (headers.ifNoneMatch !== undefined) {
    const tags = headers.ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
    return tags.includes('*') || tags.includes(etag);
  }
  return headers.ifModifiedSince !== undefined && toSeconds(modifiedAt) <= toSeconds(headers.ifModifiedSince);
}

/** Whether a range continues the version that the client has. Without `If-Range` it does. */
export function isRangeFresh({ etag, modifiedAt }: Validators, ifRange: string | undefined): boolean {
  return ifRange === undefined || ifRange === etag || toSeconds(modifiedAt) === toSeconds(ifRange);
}

/** HTTP dates have whole seconds. NaN, which equals nothing, if the text is no date. */
function toSeconds(date: Date | string): number {
  return Math.floor(new Date(date).getTime() / 1000);
}
