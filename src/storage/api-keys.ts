import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { API_KEY_PREFIX, type ApiKey, type KeyQuota, SCOPES, type Scope } from '../contracts/api-key.ts';
import { PipelineError } from '../errors.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { objectCorrupt } from './object-errors.ts';

/** Keys in the object store, so that every API process reads the same ones. */
export interface ApiKeys {
  /** All that were ever made, by name. What did not change since the last call is not read again. */
  list(): Promise<ApiKey[]>;
  /** Answers with the secret, which is shown once and stored nowhere. INPUT_INVALID where the name was ever used. */
  create(name: string, scopes: Scope[], quota?: KeyQuota): Promise<string>;
  /** A new secret; the old ones work for `overlapMs` more. */
  rotate(name: string, overlapMs: number): Promise<string>;
  /** For good. Repeating it changes nothing. */
  revoke(name: string): Promise<void>;
}

const NAME = /^[a-z0-9][a-z0-9-]{0,39}$/;
/** Lets scanners for leaked secrets, and people, see what it is. */
const SECRET_PREFIX = 'limelight_';

const StoredKey = z.looseObject({
  name: z.string().regex(NAME),
  scopes: z.array(z.enum(SCOPES)),
  created_at: z.iso.datetime(),
  revoked_at: z.iso.datetime().optional(),
  secrets: z.array(
    z.looseObject({
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      created_at: z.iso.datetime(),
      expires_at: z.iso.datetime().optional(),
    }),
  ),
  quota: z
    .looseObject({
      jobs_in_flight: z.int().min(0).optional(),
      bytes_in_flight: z.number().min(0).optional(),
    })
    .optional(),
}) as unknown as z.ZodType<ApiKey>;

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
  const known = new Map<string, { version: string; apiKey: ApiKey }>();
  const isoNow = (afterMs = 0) => new Date(now() + afterMs).toISOString();

  const read = async (key: string) => parseKey(key, (await store.read(key)).toString());
  const write = (apiKey: ApiKey, ifAbsent = false) =>
    store.put(toObjectKey(apiKey.name), Buffer.from(`${JSON.stringify(apiKey, null, 2)}\n`), { ifAbsent });

  async function find(name: string): Promise<ApiKey> {
    try {
      assertName(name);
      return await read(toObjectKey(name));
    } catch (error) {
      throw error instanceof PipelineError && error.code === 'OBJECT_NOT_FOUND'
        ? new PipelineError('INPUT_INVALID', `Expected the name of a key, but there is no key ${name}.`)
        : error;
    }
  }

  return {
    async list() {
      const found = new Set<string>();
      for await (const { key, bytes, modifiedAt } of store.list(API_KEY_PREFIX)) {
        found.add(key);
        // Some stores count whole seconds; every change of a key changes its size.
        const version = `${modifiedAt.getTime()} ${bytes}`;
        if (known.get(key)?.version !== version) {
          known.set(key, { version, apiKey: await read(key) });
        }
      }
      for (const key of known.keys()) {
        if (!found.has(key)) known.delete(key);
      }
      return [...known.values()].map(({ apiKey }) => apiKey);
    },

    async create(name, scopes, quota) {
      assertName(name);
      const { secret, stored } = createSecret(isoNow());
      try {
        await write({ name, scopes, created_at: isoNow(), secrets: [stored], ...(quota && { quota }) }, true);
      } catch (error) {
        throw error instanceof PipelineError && error.code === 'OBJECT_EXISTS'
          ? new PipelineError(
              'INPUT_INVALID',
              `There is or was a key ${name}: a name is never given twice. Rotate it, or take another name.`,
            )
          : error;
      }
      return secret;
    },

    async rotate(name, overlapMs) {
      const apiKey = await find(name);
      if (apiKey.revoked_at) {
        throw new PipelineError('INPUT_INVALID', `The key ${name} is revoked. Create another one.`);
      }
      const end = isoNow(overlapMs);
      const { secret, stored } = createSecret(isoNow());
      const old = apiKey.secrets
        .filter(({ expires_at }) => expires_at === undefined || expires_at > isoNow())
        .map((one) => ({
          ...one,
          expires_at: one.expires_at && one.expires_at < end ? one.expires_at : end,
        }));
      await write({ ...apiKey, secrets: [...old, stored] });
      return secret;
    },

    async revoke(name) {
      const apiKey = await find(name);
      await write({ ...apiKey, revoked_at: apiKey.revoked_at ?? isoNow() });
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
  if (!NAME.test(name)) {
    throw new PipelineError(
      'INPUT_INVALID',
      'Expected a name for the key of a-z, 0-9 and -, at most 40 characters, such as "acme-web".',
    );
  }
}

function parseKey(key: string, json: string): ApiKey {
  try {
    return StoredKey.parse(JSON.parse(json));
  } catch {
    throw objectCorrupt(key, 'it is no API key');
  }
}
