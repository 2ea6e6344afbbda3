import { createHash, randomBytes } from 'node:crypto';
import { API_KEY_PREFIX, type Scope } from '../contracts/api-key.ts';
import { ApiKey, KeyName, type KeyQuota } from '../contracts/schemas/api-key.ts';
import { isFailure, PipelineError } from '../errors.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { createJsonObjects } from './json-objects.ts';
import { expireBy } from './secret-rotation.ts';

/** API keys in the object store, shared by all API processes. */
export interface ApiKeys {
  /**
   * All keys ever created. Reads only keys that changed since the last call. A damaged one has no secrets and counts as
   * revoked, so it opens nothing, and the others stay valid.
   */
  list(): Promise<ApiKey[]>;
  /** Returns the secret, which is not stored. Rejects with INPUT_INVALID if the name was used before. */
  create(name: string, scopes: Scope[], quota?: KeyQuota): Promise<string>;
  /** Returns a new secret. Older ones stay valid for `overlapMs`. */
  rotate(name: string, overlapMs: number): Promise<string>;
  /** Permanent and idempotent. */
  revoke(name: string): Promise<void>;
}

/** Identifies a secret to people and to scanners for leaked secrets. */
const SECRET_PREFIX = 'limelight_';

export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

export function createApiKeys({
  store,
  now = Date.now,
}: {
  store: ObjectStore;
  now?: () => number;
}): ApiKeys {
  const objects = createJsonObjects({ store, schema: ApiKey, what: 'an API key' });
  const known = new Map<string, { version: string; apiKey: ApiKey }>();
  const isoNow = () => new Date(now()).toISOString();

  async function find(name: string): Promise<ApiKey> {
    assertName(name);
    const apiKey = await objects.read(toObjectKey(name));
    if (!apiKey) {
      throw new PipelineError('INPUT_INVALID', `Expected the name of a key, but there is no key ${name}.`);
    }
    return apiKey;
  }

  async function readOrDamaged(objectKey: string, modifiedAt: Date): Promise<ApiKey | undefined> {
    try {
      return await objects.read(objectKey);
    } catch (error) {
      if (!isFailure(error, 'OBJECT_CORRUPT')) {
        throw error;
      }
      const name = objectKey.slice(API_KEY_PREFIX.length, -'.json'.length);
      const at = modifiedAt.toISOString();
      return { name, scopes: [], created_at: at, revoked_at: at, secrets: [] };
    }
  }

  async function list(): Promise<ApiKey[]> {
    const found = new Set<string>();
    for await (const { key, bytes, modifiedAt } of store.list(API_KEY_PREFIX)) {
      found.add(key);
      // Some stores keep times in whole seconds, but every change of a key changes its size.
      const version = `${modifiedAt.getTime()} ${bytes}`;
      const apiKey = known.get(key)?.version === version ? undefined : await readOrDamaged(key, modifiedAt);
      if (apiKey) {
        known.set(key, { version, apiKey });
      }
    }
    for (const key of known.keys()) {
      if (!found.has(key)) known.delete(key);
    }
    return [...known.values()].map(({ apiKey }) => apiKey);
  }

  return {
    list,

    async create(name, scopes, quota) {
      assertName(name);
      const { secret, stored } = createSecret(isoNow());
      const apiKey = { name, scopes, created_at: isoNow(), secrets: [stored], ...(quota && { quota }) };
      if (!(await objects.create(toObjectKey(name), apiKey))) {
        throw new PipelineError(
          'INPUT_INVALID',
          `The name ${name} is in use or was used before. Rotate that key, or choose another name.`,
        );
      }
      return secret;
    },

    async rotate(name, overlapMs) {
      const apiKey = await find(name);
      if (apiKey.revoked_at) {
        throw new PipelineError('INPUT_INVALID', `The key ${name} is revoked. Create a new one.`);
      }
      const { secret, stored } = createSecret(isoNow());
      const old = expireBy(apiKey.secrets, now(), now() + overlapMs);
      await objects.write(toObjectKey(name), { ...apiKey, secrets: [...old, stored] });
      return secret;
    },

    async revoke(name) {
      const apiKey = await find(name);
      await objects.write(toObjectKey(name), { ...apiKey, revoked_at: apiKey.revoked_at ?? isoNow() });
    },
  };
}

function createSecret(created_at: string) {
  const secret = `${SECRET_PREFIX}${randomBytes(32).toString('base64url')}`;
  return { secret, stored: { sha256: hashSecret(secret), created_at } };
}

function toObjectKey(name: string): string {
  return `${API_KEY_PREFIX}${name}.json`;
}

function assertName(name: string): void {
  if (!KeyName.safeParse(name).success) {
    throw new PipelineError(
      'INPUT_INVALID',
      'Expected a name of at most 40 characters from a-z, 0-9 and -, such as "acme-web".',
    );
  }
}
