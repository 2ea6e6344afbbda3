/** Errors shared by all object stores. */
import type { StoredObject } from '../contracts/schemas/job.ts';
import { PipelineError } from '../errors.ts';
import type { ByteRange } from '../ports/object-store.ts';

export function objectNotFound(key: string): PipelineError {
  return new PipelineError('OBJECT_NOT_FOUND', `No object ${key}`, { details: { key } });
}

export function objectExists(key: string): PipelineError {
  return new PipelineError('OBJECT_EXISTS', `The object ${key} already exists`, { details: { key } });
}

/** @param cause with the details, which are for the log: strangers may see the message */
export function objectCorrupt(key: string, found: string, cause?: unknown): PipelineError {
  return new PipelineError(
    'OBJECT_CORRUPT',
    `The object ${key} is damaged: ${found}. Restore it, or delete it and submit the task again`,
    { details: { key }, ...(cause !== undefined && { cause }) },
  );
}

/** @throws PipelineError RANGE_NOT_SATISFIABLE unless the whole range is inside the object */
export function assertRange({ key, bytes }: StoredObject, { start, end }: ByteRange): void {
  if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || end < start || end >= bytes) {
    throw new PipelineError(
      'RANGE_NOT_SATISFIABLE',
      `Expected a range within the ${bytes} bytes of ${key}, but it is ${start} to ${end}`,
      { details: { bytes } },
    );
  }
}
