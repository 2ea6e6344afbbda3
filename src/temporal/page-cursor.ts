import { createHash } from 'node:crypto';
import { isGrpcServiceError } from '@temporalio/client';
import { PipelineError } from '../errors.ts';

const INVALID_ARGUMENT = 3;
const CHECK_BYTES = 8;

/** The lists that have pages: a cursor belongs to the one that gave it. */
export type PagedList = 'deliveries' | 'tasks';

/**
 * A page token of Temporal as clients see it. Temporal takes what is no token for an error of its own, tried again until
 * the call's time is over, so a check goes with it: what nobody was given is refused here.
 */
export function toCursor(list: PagedList, token: Uint8Array): string {
  return Buffer.concat([toCheck(list, token), token]).toString('base64url');
}

/** The page after `cursor`, from the start without one. INPUT_INVALID where it is none of this list's. */
export async function readPage<T>(
  list: PagedList,
  cursor: string | undefined,
  read: (token: Uint8Array) => Promise<T>,
): Promise<T> {
  const token = cursor === undefined ? new Uint8Array() : fromCursor(list, cursor);
  try {
    return await read(token);
  } catch (error) {
    throw isGrpcServiceError(error) && error.code === INVALID_ARGUMENT ? noCursor(error) : error;
  }
}

function fromCursor(list: PagedList, cursor: string): Uint8Array {
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
  return new PipelineError('INPUT_INVALID', 'cursor: expected that of another page of this list.', { cause });
}
