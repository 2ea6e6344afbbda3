import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { ObjectStore } from '../ports/object-store.ts';
import { createJsonObjects } from './json-objects.ts';

const KEY = 'access/link-secret.json';
const LinkSecret = z.object({ secret: z.base64url().min(1) });

/** The secret that links are signed with, shared by all API processes. Deleting it invalidates all links. */
export function createLinkSecret({ store }: { store: ObjectStore }): () => Promise<Buffer> {
  const objects = createJsonObjects({ store, schema: LinkSecret, what: 'a secret for links' });
  const read = async () => {
    const { secret } = await objects.readOrCreate(KEY, () => ({
      secret: randomBytes(32).toString('base64url'),
    }));
    return Buffer.from(secret, 'base64url');
  };
  let secret: Promise<Buffer> | undefined;
  return () => {
    secret ??= read();
    secret.catch(() => {
      secret = undefined;
    });
    return secret;
  };
}
