import { PipelineError } from '../errors.ts';

/** A leading dot is reserved for the stores' own files, which also rules out `.` and `..`. */
const SEGMENT = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;
/** File names may have 255 bytes, and stores add to the name. */
const MAX_SEGMENT_LENGTH = 128;
const MAX_KEY_LENGTH = 512;

export function isKeySegment(segment: string): boolean {
  return segment.length <= MAX_SEGMENT_LENGTH && SEGMENT.test(segment);
}

/** @throws PipelineError OBJECT_KEY_INVALID */
export function assertObjectKey(key: string): void {
  if (key.length > MAX_KEY_LENGTH || !key.split('/').every(isKeySegment)) {
    throw invalidKey(
      key,
      `segments of A-Z a-z 0-9 . _ - that do not start with a dot, at most ${MAX_SEGMENT_LENGTH} characters each and ${MAX_KEY_LENGTH} in all`,
    );
  }
}

/**
 * A prefix consists of whole segments, optionally followed by the start of one more.
 * @throws PipelineError OBJECT_KEY_INVALID
 */
export function assertKeyPrefix(prefix: string): void {
  if (prefix !== '') {
    assertObjectKey(prefix.endsWith('/') ? prefix.slice(0, -1) : prefix);
  }
}

/** A folder is named with its slash, so that `task-1` never matches `task-10`. @throws PipelineError OBJECT_KEY_INVALID */
export function assertFolderPrefix(prefix: string): void {
  if (!prefix.endsWith('/')) {
    throw invalidKey(prefix, 'the keys of a whole folder, ending in "/"');
  }
  assertKeyPrefix(prefix);
}

export function invalidKey(key: string, expected: string): PipelineError {
  const shown = JSON.stringify(key.length > 80 ? `${key.slice(0, 80)}…` : key);
  return new PipelineError('OBJECT_KEY_INVALID', `Expected ${expected}, but the object key is ${shown}`);
}
