import { randomBytes } from 'node:crypto';
import { PipelineError } from '../errors.ts';
import type { ObjectStore } from '../ports/object-store.ts';

const KEY = 'access/link-secret';

/** What links are signed with, the same for every API process: the first one makes it. Deleting it ends all links. */
export function createLinkSecret({ store }: { store: ObjectStore }): () => Promise<Buffer> {
  let secret: Promise<Buffer> | undefined;
  const read = async () => {
    try {
      await store.put(KEY, randomBytes(32), { ifAbsent: true });
    } catch (error) {
      if (!(error instanceof PipelineError && error.code === 'OBJECT_EXISTS')) throw error;
    }
    return store.read(KEY);
  };
  return () => {
    secret ??= read();
    secret.catch(() => {
      secret = undefined;
    });
    return secret;
  };
}
