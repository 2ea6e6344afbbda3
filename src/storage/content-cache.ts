import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { z } from 'zod';
import { CACHE_PREFIX, type CacheKind } from '../contracts/content-cache.ts';
import { isFailure, PipelineError } from '../errors.ts';
import type { ContentCache } from '../ports/content-cache.ts';
import type { ObjectStore } from '../ports/object-store.ts';

const Entry = z.object({ result: z.unknown(), files: z.record(z.string(), z.string()) });

const ENTRY_FILE = 'entry.json';

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
        // Writing it again marks the entry as used: see `evictEntries`.
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

    usedAt: async (entry) => (await store.stat(`${entry}${ENTRY_FILE}`))?.modifiedAt,

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

/** Reads the whole file, so that damaged bytes are never passed on. */
async function verify(store: ObjectStore, key: string, sha256: string | undefined): Promise<void> {
  await store.localPath(key);
  if ((await store.stat(key))?.sha256 !== sha256) {
    throw new PipelineError('OBJECT_CORRUPT', `${key} does not match its entry`);
  }
}

/** The entry is missing, damaged, partly evicted, or from another version. */
function isUnusable(error: unknown): boolean {
  return (
    error instanceof z.ZodError ||
    error instanceof SyntaxError ||
    isFailure(error, 'OBJECT_NOT_FOUND', 'OBJECT_CORRUPT')
  );
}

/** Independent of the order of fields. */
function hashOf(facts: object): string {
  return createHash('sha256').update(canonicalize(facts)!).digest('hex');
}
