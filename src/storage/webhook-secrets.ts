import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { PipelineError } from '../errors.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { WebhookSecret, WebhookSecrets } from '../ports/webhooks.ts';

const Stored = z.looseObject({
  secrets: z.array(
    z.looseObject({
      secret: z.string().startsWith('whsec_'),
      created_at: z.iso.datetime(),
      expires_at: z.iso.datetime().optional(),
    }),
  ),
}) as unknown as z.ZodType<{ secrets: WebhookSecret[] }>;

export function createWebhookSecrets({
  store,
  now = Date.now,
}: {
  store: ObjectStore;
  now?: () => number;
}): WebhookSecrets {
  const isoAt = (ms: number) => new Date(ms).toISOString();
  const create = (): WebhookSecret => ({
    secret: `whsec_${randomBytes(32).toString('base64')}`,
    created_at: isoAt(now()),
  });
  const write = (key: string, secrets: WebhookSecret[], ifAbsent: boolean) =>
    store.put(key, Buffer.from(`${JSON.stringify({ secrets }, null, 2)}\n`), { ifAbsent });
  const read = async (key: string) => {
    const { secrets } = Stored.parse(JSON.parse((await store.read(key)).toString()));
    return secrets.filter(({ expires_at }) => expires_at === undefined || Date.parse(expires_at) > now());
  };

  const current = async (owner: string | undefined) => {
    const key = toObjectKey(owner);
    if (!(await store.stat(key))) {
      // Of several processes one makes it, and all read that one.
      await write(key, [create()], true).catch((error) => {
        if (!(error instanceof PipelineError && error.code === 'OBJECT_EXISTS')) throw error;
      });
    }
    return read(key);
  };

  return {
    current,
    async rotate(owner, overlapMs) {
      const end = isoAt(now() + overlapMs);
      const old = (await current(owner)).map((one) => ({
        ...one,
        expires_at: one.expires_at && one.expires_at < end ? one.expires_at : end,
      }));
      await write(toObjectKey(owner), [create(), ...old], false);
      return current(owner);
    },
  };
}

/** No key has a name with an underscore. */
function toObjectKey(owner: string | undefined): string {
  return `access/webhooks/${owner ?? '_everybody'}.json`;
}
