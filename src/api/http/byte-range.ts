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
