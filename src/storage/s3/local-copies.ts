import { createWriteStream, mkdirSync } from 'node:fs';
import { readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { StoredObject } from '../../contracts/schemas/job.ts';
import { ignoreFailure, ignoreMissing } from '../../errors.ts';
import { hashFile } from '../../hash-file.ts';
import { KeyedLock } from '../keyed-lock.ts';
import { objectNotFound } from '../object-errors.ts';
import { openObject, statObject } from './read.ts';
import type { S3Access } from './s3-access.ts';

/** S3 objects as local files, named by their hash, so that bytes are downloaded once. Disposing it stops the deletions. */
export interface LocalCopies extends Disposable {
  /** Path of the copy. If there is no intact one, `fetch` writes the bytes to a new file. */
  path(object: StoredObject, fetch: (path: string) => Promise<void>): Promise<string>;
  /** Moves a file with the bytes of the object into the copies. */
  adopt(object: Pick<StoredObject, 'sha256'>, path: string): Promise<void>;
}

/** A recently used copy stays even if the folder is too large: callers need time to open the path they got. */
const IN_USE_MS = 10 * 60_000;
/**
 * The copy of an object that another machine erased stays here this long. Jobs read their files again within minutes, so an
 * hour is enough.
 */
const UNUSED_MS = 3_600_000;
const SWEEP_INTERVAL_MS = 10 * 60_000;

export interface LocalCopiesOptions {
  folder: string;
  /** The least recently used copies are deleted first. Copies in use may exceed it. */
  maxBytes: number;
  /** How often to look for unused copies. */
  sweepIntervalMs?: number;
}

export function createLocalCopies(options: LocalCopiesOptions): LocalCopies {
  const { folder, maxBytes, sweepIntervalMs = SWEEP_INTERVAL_MS } = options;
  mkdirSync(folder, { recursive: true });
  const sweep = () => void ignoreFailure(evict(folder, maxBytes), 'the next sweep tries again');
  // A process that was killed may have left old copies.
  sweep();
  const timer = setInterval(sweep, sweepIntervalMs).unref();
  const lock = new KeyedLock();

  async function keep(sha256: string, incoming: string): Promise<string> {
    const path = join(folder, sha256);
    await rename(incoming, path);
    await touch(path);
    await evict(folder, maxBytes);
    return path;
  }

  return {
    path: ({ sha256 }, fetch) =>
      lock.run(sha256, async () => {
        const path = join(folder, sha256);
        if ((await ignoreMissing(hashFile(path)))?.sha256 === sha256) {
          await touch(path);
          return path;
        }
        const incoming = `${path}.${process.pid}.partial`;
        try {
          await fetch(incoming);
          return await keep(sha256, incoming);
        } finally {
          await rm(incoming, { force: true });
        }
      }),

    adopt: ({ sha256 }, path) =>
      lock.run(sha256, async () => {
        await keep(sha256, path);
      }),

    [Symbol.dispose]: () => clearInterval(timer),
  };
}

async function touch(path: string): Promise<void> {
  await utimes(path, new Date(), new Date());
}

async function evict(folder: string, maxBytes: number): Promise<void> {
  const copies = await Promise.all(
    (await readdir(folder)).map(async (name) => {
      const path = join(folder, name);
      // Another process on this machine may have evicted it.
      const stats = await ignoreMissing(stat(path));
      return stats && { path, bytes: stats.size, usedAt: stats.mtimeMs };
    }),
  );
  const there = copies.filter((copy) => copy !== undefined).sort((a, b) => a.usedAt - b.usedAt);
  let total = there.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { path, bytes, usedAt } of there) {
    const unusedMs = Date.now() - usedAt;
    if (unusedMs < UNUSED_MS && (total <= maxBytes || unusedMs < IN_USE_MS)) {
      return;
    }
    await rm(path, { force: true });
    total -= bytes;
  }
}

/** Path of a local copy of the object, downloaded if there is none yet. */
export async function copyLocally(access: S3Access, copies: LocalCopies, key: string): Promise<string> {
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

/** The object was replaced between the request for its hash and the one for its bytes. */
class Replaced extends Error {}
