import { createHash } from 'node:crypto';
import type { ApiKey } from '../../contracts/api-key.ts';

export interface Keyring {
  /** The key that a secret opens; nothing for a secret that is unknown, replaced or revoked. */
  find(secret: string): Promise<ApiKey | undefined>;
  /** Whether a key of this name may still be used. */
  isActive(name: string): Promise<boolean>;
  /** Whether no key was ever made. Once one was, nobody does without, even if all are revoked. */
  isEmpty(): Promise<boolean>;
}

export interface KeyringDeps {
  keys: { list(): Promise<ApiKey[]> };
  /** How long a revoked key may still work. Default: 3 s. */
  maxAgeMs?: number;
  now?: () => number;
}

/** How old what is known may be where a secret is not in it. */
const LOOK_AGAIN_MS = 500;

interface Ring {
  bySecret: Map<string, ApiKey>;
  byName: Map<string, ApiKey>;
}

/** The stored keys, read again when requests come and the last look is seconds old: no restart, in any process. */
export function createKeyring({ keys, maxAgeMs = 3_000, now = Date.now }: KeyringDeps): Keyring {
  let ring: Promise<Ring> | undefined;
  let readAt = Number.NEGATIVE_INFINITY;

  const read = async (): Promise<Ring> => {
    const all = await keys.list();
    return {
      byName: new Map(all.map((key) => [key.name, key])),
      bySecret: new Map(all.flatMap((key) => key.secrets.map(({ sha256 }) => [sha256, key] as const))),
    };
  };

  const current = (oldestMs = maxAgeMs): Promise<Ring> => {
    if (!ring || now() - readAt >= oldestMs) {
      readAt = now();
      ring = read();
      // A store that is away is asked again by the next request.
      ring.catch(() => {
        ring = undefined;
      });
    }
    return ring;
  };

  return {
    async find(secret) {
      // Looking up a hash tells nothing of the secret by the time it takes.
      const sha256 = createHash('sha256').update(secret).digest('hex');
      const key =
        (await current()).bySecret.get(sha256) ??
        // Who was just given a key uses it at once; guesses make it look no more often than this.
        (await current(Math.min(maxAgeMs, LOOK_AGAIN_MS))).bySecret.get(sha256);
      const used = key?.secrets.find((one) => one.sha256 === sha256);
      const isExpired = used?.expires_at !== undefined && Date.parse(used.expires_at) <= now();
      return key && !key.revoked_at && !isExpired ? key : undefined;
    },

    async isActive(name) {
      const key = (await current()).byName.get(name);
      return key !== undefined && !key.revoked_at;
    },

    async isEmpty() {
      return (await current()).byName.size === 0;
    },
  };
}
