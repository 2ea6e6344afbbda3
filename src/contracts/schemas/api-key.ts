import { z } from 'zod';
import { MAX_KEY_WEIGHT, MIN_KEY_WEIGHT, SCOPES } from '../api-key.ts';
import { extensible, Instant, Sha256 } from './primitives.ts';

export const KeyName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/);

export const KeySecret = extensible({
  /** Hash of the secret. The secret has 256 random bits, so a slow hash would not protect it better. */
  sha256: Sha256,
  created_at: Instant,
  /** Set when another secret replaced it. */
  expires_at: Instant.optional(),
});
export type KeySecret = z.infer<typeof KeySecret>;

export const KeyWeight = z.number().min(MIN_KEY_WEIGHT).max(MAX_KEY_WEIGHT);

export const KeyQuota = extensible({
  jobs_in_flight: z.int().min(0).optional(),
  /** Bytes of the uploads of jobs in flight. */
  bytes_in_flight: z.number().min(0).optional(),
  /** Turns at the slots for each turn of other keys while tasks of both wait. Default: 1. */
  weight: KeyWeight.optional(),
});
export type KeyQuota = z.infer<typeof KeyQuota>;

/** A key as it is stored. Jobs and Temporal identify callers by the name of their key. */
export const ApiKey = extensible({
  name: KeyName,
  scopes: z.array(z.enum(SCOPES)),
  created_at: Instant,
  revoked_at: Instant.optional(),
  secrets: z.array(KeySecret),
  /** Replaces the limits in the server's settings. */
  quota: KeyQuota.optional(),
});
export type ApiKey = z.infer<typeof ApiKey>;
