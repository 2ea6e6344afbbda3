import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';
import type { StoredObject } from '../contracts/schemas/job.ts';
import { objectCorrupt } from './object-errors.ts';

/**
 * Passes an object through, and fails with OBJECT_CORRUPT if it does not match its hash. The last chunk is held back until the
 * hash is known, so that a reader which counts bytes never takes a damaged object for a complete one.
 */
export function createVerifyingStream({ key, sha256 }: StoredObject): Transform {
  const hash = createHash('sha256');
  let held: Buffer | undefined;

  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      const ready = held;
      held = chunk;
      done(null, ready);
    },
    flush(done) {
      const found = hash.digest('hex');
      if (found !== sha256) {
        done(objectCorrupt(key, `its SHA-256 was ${sha256} and is ${found}`));
      } else {
        done(null, held);
      }
    },
  });
}
