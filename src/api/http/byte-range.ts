import type { ByteRange } from '../../ports/object-store.ts';

/**
 * The part of `bytes` that a `Range` header asks for (RFC 9110, 14.1.2). `undefined` is the whole: there is no header,
 * it is no valid one, or it asks for several parts, which a server may pass over. `unsatisfiable` lies outside.
 */
export function parseByteRange(
  header: string | undefined,
  bytes: number,
): ByteRange | 'unsatisfiable' | undefined {
  const match = header?.match(/^\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$/i);
  const [, first = '', last = ''] = match ?? [];
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
