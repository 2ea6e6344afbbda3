import { createHash } from 'node:crypto';
import { z } from 'zod';
import { CACHE_PREFIX, type CacheKind } from '../contracts/content-cache.ts';
import { PipelineError } from '../errors.ts';
import type { ContentCache } from '../ports/content-cache.ts';
import type { ObjectStore } from '../ports/object-store.ts';

const Entry = z.object({ result: z.unknown(), files: z.record(z.string(), z.string()) });

export const ENTRY_FILE = 'entry.json';

export function createContentCache({ store }: { store: ObjectStore }): ContentCache {
  const entryOf = (kind: CacheKind, facts: object) => `${CACHE_PREFIX}${kind}/${hashOf(facts)}/`;

  return {
    entryOf,

    async find(kind, facts, targets) {
      const entry = entryOf(kind, facts);
      try {
        const json = await store.read(`${entry}${ENTRY_FILE}`);
        const { result, files } = Entry.parse(JSON.parse(json.toString()));
        const copies = Object.entries(targets).map(async ([name, target]) => {
          await verify(store, `${entry}${name}`, files[name]);
          return [name, await store.copy(`${entry}${name}`, target)] as const;
        });
        const stored = Object.fromEntries(await Promise.all(copies));
        // Its age is what it lives by: see `evictEntries`.
        await store.put(`${entry}${ENTRY_FILE}`, json);
        return { result, stored, entry };
      } catch (error) {
        if (!isUnusable(error)) {
          throw error;
        }
        await store.deleteAll(entry);
        return undefined;
      }
    },

    async keep(kind, facts, { result, files }) {
      const entry = entryOf(kind, facts);
      const copies = Object.entries(files).map(async ([name, key]) => {
        const { sha256 } = await store.copy(key, `${entry}${name}`);
        return [name, sha256] as const;
      });
      const json = JSON.stringify({ result, files: Object.fromEntries(await Promise.all(copies)) });
      await store.put(`${entry}${ENTRY_FILE}`, Buffer.from(json));
      return entry;
    },
  };
}

/** Reads all of it: what is damaged is not to be handed on. */
async function verify(store: ObjectStore, key: string, sha256: string | undefined): Promise<void> {
  await store.localPath(key);
  if ((await store.stat(key))?.sha256 !== sha256) {
    throw new PipelineError('OBJECT_CORRUPT', `${key} is not what its entry says`);
  }
}

/** Missing, damaged, half evicted, or written by another version. */
function isUnusable(error: unknown): boolean {
  return (
    error instanceof z.ZodError ||
    error instanceof SyntaxError ||
    (error instanceof PipelineError && ['OBJECT_NOT_FOUND', 'OBJECT_CORRUPT'].includes(error.code))
  );
}

/** The same for the same facts, in whatever order they were written down. */
function hashOf(facts: object): string {
  return createHash('sha256').update(canonical(facts)).digest('hex');
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) {
    return `[${value.map(canonical).join()}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, field]) => field !== undefined);
    return `{${entries
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`)
      .join()}}`;
  }
  return JSON.stringify(value);
}
