import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { objectNotFound } from '../object-errors.ts';
import type { LocalCopies } from './local-copies.ts';
import { openObject } from './open.ts';
import type { S3Access } from './s3-access.ts';
import { statObject } from './stat.ts';

/** The object as a file of this machine, fetched where its bytes are not here yet. */
export async function localCopy(access: S3Access, copies: LocalCopies, key: string): Promise<string> {
  for (;;) {
    const found = await statObject(access, key);
    if (!found) {
      throw objectNotFound(key);
    }
    try {
      return await copies.path(found, async (target) => {
        const { stream, sha256 } = await openObject(access, key);
        if (sha256 !== found.sha256) {
          stream.destroy();
          throw new Replaced();
        }
        await pipeline(stream, createWriteStream(target));
      });
    } catch (error) {
      if (!(error instanceof Replaced)) {
        throw error;
      }
    }
  }
}

/** Between asking for the hash and fetching the bytes. */
class Replaced extends Error {}
