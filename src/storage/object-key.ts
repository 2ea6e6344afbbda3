import { PipelineError } from '../errors.ts';

/** A leading dot is the stores' own: their scratch area and the files behind the names. That rules out `.` and `..` too. */
const SEGMENT = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;
/** Leaves room for what a store adds to a name within the 255 bytes of a file name. */
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
      `segments of A-Z a-z 0-9 . _ - that do not begin with a dot, at most ${MAX_SEGMENT_LENGTH} characters each and ${MAX_KEY_LENGTH} in all`,
    );
  }
}

/**
 * A prefix is where a key may begin: whole segments, then the first characters of one more, or none.
 * @throws PipelineError OBJECT_KEY_INVALID
 */
export function assertKeyPrefix(prefix: string): void {
  if (prefix !== '') {
    assertObjectKey(prefix.endsWith('/') ? prefix.slice(0, -1) : prefix);
  }
}

/** @throws PipelineError OBJECT_KEY_INVALID: a whole folder is named with its slash, so that `task-1` never means `task-10`. */
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
