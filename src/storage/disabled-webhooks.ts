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

/** The URL may hold a secret of the receiver's. */
function toObjectKey({ owner, url }: WebhookEndpoint): string {
  return `access/webhooks-disabled/${owner ?? '_everybody'}/${createHash('sha256').update(url).digest('hex')}`;
}
