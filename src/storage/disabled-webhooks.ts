import { createHash } from 'node:crypto';
import type { ObjectStore } from '../ports/object-store.ts';
import type { DisabledWebhooks, WebhookEndpoint } from '../ports/webhooks.ts';

export function createDisabledWebhooks({ store }: { store: ObjectStore }): DisabledWebhooks {
  return {
    has: async (endpoint) => (await store.stat(toObjectKey(endpoint))) !== undefined,
    async add(endpoint) {
      await store.put(toObjectKey(endpoint), Buffer.from(new Date().toISOString()));
    },
    remove: (endpoint) => store.delete(toObjectKey(endpoint)),
  };
}

/** Hashed, because the URL may contain a secret of the receiver. */
function toObjectKey({ owner, url }: WebhookEndpoint): string {
  return `access/webhooks-disabled/${owner ?? '_shared'}/${createHash('sha256').update(url).digest('hex')}`;
}
