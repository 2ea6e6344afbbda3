import { mkdirSync } from 'node:fs';
import { readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoredObject } from '../../contracts/job.ts';
import { hashFile } from '../../hash-file.ts';
import { Turns } from '../turns.ts';

/** Objects of S3 as files of this machine, by their hash: what is here already is not fetched again. */
export interface LocalCopies {
  /** The path of the copy; `fetch` writes the bytes to a new file where there is none that is whole. */
  path(object: StoredObject, fetch: (path: string) => Promise<void>): Promise<string>;
  /** Takes over a file that holds the object. */
  adopt(object: Pick<StoredObject, 'sha256'>, path: string): Promise<void>;
}

/** Whoever was given a path has opened it by then: until then it is not removed, however full the folder is. */
const IN_USE_MS = 10 * 60_000;
/** Of erased objects there may be copies: they do not outlive the day. */
const UNUSED_MS = 24 * 3_600_000;

/** @param options.maxBytes beyond it the copies that were longest not used go; what is in use may exceed it. A day without use ends any. */
export function createLocalCopies(options: { folder: string; maxBytes: number }): LocalCopies {
  const { folder, maxBytes } = options;
  mkdirSync(folder, { recursive: true });
  const turns = new Turns();

  async function keep(sha256: string, incoming: string): Promise<string> {
    const path = join(folder, sha256);
    await rename(incoming, path);
    await touch(path);
    await evict(folder, maxBytes);
    return path;
  }

  return {
    path: ({ sha256 }, fetch) =>
      turns.take(sha256, async () => {
        const path = join(folder, sha256);
        if ((await hashOf(path)) === sha256) {
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
      turns.take(sha256, async () => {
        await keep(sha256, path);
      }),
  };
}

async function touch(path: string): Promise<void> {
  await utimes(path, new Date(), new Date());
}

/** @returns undefined if there is no such file */
async function hashOf(path: string): Promise<string | undefined> {
  try {
    return (await hashFile(path)).sha256;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw error;
    }
  }
}

async function evict(folder: string, maxBytes: number): Promise<void> {
  const copies = await Promise.all(
    (await readdir(folder)).map(async (name) => {
      const path = join(folder, name);
      // Another process of this machine may have evicted it.
      const stats = await stat(path).catch(() => undefined);
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
