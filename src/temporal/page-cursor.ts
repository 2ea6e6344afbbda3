import { createHash } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { PipelineError } from '../errors.ts';
import { grpcStatus } from './temporal-error.ts';

const CHECK_BYTES = 8;

/** The lists that have pages. A cursor is valid for its own list only. */
export type PagedList = 'deliveries' | 'tasks';

/**
 * A page token for clients, with a checksum: Temporal treats an invalid token of its own as an internal error and retries
 * until the call times out, so forged cursors are refused here.
 */
export function toCursor(list: PagedList, token: Uint8Array): string {
  return Buffer.concat([toCheck(list, token), token]).toString('base64url');
}

/** The page of Temporal after `cursor`, or the first page. Rejects with INPUT_INVALID if the cursor is not one of this list. */
export async function readPage<T>(
  list: PagedList,
  cursor: string | undefined,
  read: (token: Uint8Array) => Promise<T>,
): Promise<T> {
  const token = cursor === undefined ? new Uint8Array() : fromCursor(list, cursor);
  try {
    return await read(token);
  } catch (error) {
    throw grpcStatus(error) === status.INVALID_ARGUMENT ? noCursor(error) : error;
  }
}

/** The token in a cursor. @throws PipelineError INPUT_INVALID if the cursor is not one of this list. */
export function fromCursor(list: PagedList, cursor: string): Uint8Array {
  const bytes = Buffer.from(cursor, 'base64url');
  const token = bytes.subarray(CHECK_BYTES);
  if (token.length === 0 || !toCheck(list, token).equals(bytes.subarray(0, CHECK_BYTES))) {
    throw noCursor();
  }
  return token;
}

function toCheck(list: PagedList, token: Uint8Array): Buffer {
  return createHash('sha256').update(list).update(token).digest().subarray(0, CHECK_BYTES);
}

function noCursor(cause?: unknown): PipelineError {
  return new PipelineError('INPUT_INVALID', 'cursor: expected a cursor from an earlier page of this list.', {
    cause,
  });
}
