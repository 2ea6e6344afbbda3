import { randomBytes } from 'node:crypto';
import { WebhookSecrets as StoredSecrets, type WebhookSecret } from '../contracts/schemas/webhook.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { WebhookSecrets } from '../ports/webhooks.ts';
import { createJsonObjects } from './json-objects.ts';
import { expireBy, isValidAt } from './secret-rotation.ts';

/** Each signs every webhook. A client that rotates more often loses its oldest ones earlier. */
const MAX_SECRETS = 10;

export function createWebhookSecrets({
  store,
  now = Date.now,
}: {
  store: ObjectStore;
  now?: () => number;
}): WebhookSecrets {
  const objects = createJsonObjects({ store, schema: StoredSecrets, what: 'a list of secrets for webhooks' });
  const create = (): WebhookSecret => ({
    secret: `whsec_${randomBytes(32).toString('base64')}`,
    created_at: new Date(now()).toISOString(),
  });

  const current = async (owner: string | undefined) => {
    const { secrets } = await objects.readOrCreate(toObjectKey(owner), () => ({ secrets: [create()] }));
    return secrets.filter((secret) => isValidAt(secret, now()));
  };

  return {
    current,
    async rotate(owner, overlapMs) {
      const old = expireBy(await current(owner), now(), now() + overlapMs);
      // The newest come first.
      const secrets = [create(), ...old].slice(0, MAX_SECRETS);
      await objects.write(toObjectKey(owner), { secrets });
      return current(owner);
    },
  };
}

/** Tasks without an owner share a secret. Names of API keys contain no underscore. */
function toObjectKey(owner: string | undefined): string {
  return `access/webhooks/${owner ?? '_shared'}.json`;
}
