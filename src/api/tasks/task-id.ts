import { createHash } from 'node:crypto';
import { PipelineError } from '../../errors.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const IDEMPOTENCY_KEY = /^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/;

/** A UUID of any version in lower case; `undefined` for anything else. */
export function parseTaskId(text: string): string | undefined {
  const id = text.toLowerCase();
  return UUID.test(id) ? id : undefined;
}

/** @throws PipelineError INPUT_INVALID */
export function assertIdempotencyKey(key: string): void {
  if (!IDEMPOTENCY_KEY.test(key)) {
    throw new PipelineError(
      'INPUT_INVALID',
      'Idempotency-Key: expected 1 to 255 printable ASCII characters, such as a UUID.',
    );
  }
}

/**
 * The task of an idempotency key: a name-based UUID of version 8 (RFC 9562, appendix B.2), the first 122 bits of SHA-256
 * over a namespace, the owner, and the key. It is not stored: every process derives the same task from the same key.
 */
export function taskIdOfKey(key: string, owner = ''): string {
  assertIdempotencyKey(key);
  const bytes = createHash('sha256')
    .update(`limelight/idempotency-key\0${owner && `${owner}\0`}`)
    .update(key)
    .digest();
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex', 0, 16);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
