import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiKey } from '../contracts/schemas/api-key.ts';
import { isFailure, PipelineError } from '../errors.ts';
import type { Keyring } from '../ports/keyring.ts';
import { hashSecret } from './api-keys.ts';

export interface KeyringDeps {
  keys: { list(): Promise<ApiKey[]> };
  /** How long a revoked key may still work. Default: 3 s. */
  maxAgeMs?: number;
  now?: () => number;
}

/** Maximum age of the cached keys when a secret is not among them. */
const UNKNOWN_SECRET_MAX_AGE_MS = 500;

/** A store that takes longer, such as one that accepts connections and sends nothing, counts as unavailable. */
const MAX_READ_MS = 2_000;

interface Ring {
  bySecret: Map<string, ApiKey>;
  byName: Map<string, ApiKey>;
  /** Whether the store did not respond, so these are the keys of an earlier time. */
  isOld?: boolean;
}

/**
 * The stored keys. A request reads them again once the cache is some seconds old, so no process needs a restart. While the
 * store does not respond, the keys that were read last stay valid: running tasks have a status then too.
 */
export function createKeyring({ keys, maxAgeMs = 3_000, now = Date.now }: KeyringDeps): Keyring {
  let ring: Promise<Ring> | undefined;
  let readAt = Number.NEGATIVE_INFINITY;
  let lastRead: Ring | undefined;

  const read = async (): Promise<Ring> => {
    const all = await keys.list();
    return {
      byName: new Map(all.map((key) => [key.name, key])),
      bySecret: new Map(all.flatMap((key) => key.secrets.map(({ sha256 }) => [sha256, key] as const))),
    };
  };

  /** Rejects or waits only if there are no keys from an earlier time. */
  const readOrKeep = async (): Promise<Ring> => {
    const kept = lastRead && { ...lastRead, isOld: true };
    const fresh = read().then((keysNow) => {
      lastRead = keysNow;
      return keysNow;
    });
    if (!kept) {
      return fresh;
    }
    const failed = fresh.catch((error) => {
      if (isFailure(error, 'STORAGE_UNAVAILABLE')) return kept;
      throw error;
    });
    return Promise.race([failed, sleep(MAX_READ_MS, kept, { ref: false })]);
  };

  const current = (oldestMs = maxAgeMs): Promise<Ring> => {
    if (!ring || now() - readAt >= oldestMs) {
      readAt = now();
      ring = readOrKeep();
      // If the store is down, the next request tries again.
      ring.catch(() => {
        ring = undefined;
      });
    }
    return ring;
  };

  return {
    async find(secret) {
      // The time of a lookup by hash reveals nothing about the secret.
      const sha256 = hashSecret(secret);
      let key = (await current()).bySecret.get(sha256);
      if (!key) {
        // A new key works at once, and guessed secrets cause no more reads than this.
        const { bySecret, isOld } = await current(Math.min(maxAgeMs, UNKNOWN_SECRET_MAX_AGE_MS));
        key = bySecret.get(sha256);
        if (!key && isOld) {
          throw new PipelineError(
            'STORAGE_UNAVAILABLE',
            'This API key cannot be looked up now, because the storage does not respond. Try again later.',
          );
        }
      }
      const used = key?.secrets.find((one) => one.sha256 === sha256);
      const isExpired = used?.expires_at !== undefined && Date.parse(used.expires_at) <= now();
      return key && !key.revoked_at && !isExpired ? key : undefined;
    },

    async findActive(name) {
      const key = (await current()).byName.get(name);
      return key?.revoked_at ? undefined : key;
    },

    async isEmpty() {
      return (await current()).byName.size === 0;
    },
  };
}
