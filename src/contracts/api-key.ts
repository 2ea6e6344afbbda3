/**
 * What a key may do. `priority` lets its tasks overtake those of others, `metrics` reads the metrics of all processes and
 * nothing else, and `admin` may do everything, with the tasks of every key.
 */
export const SCOPES = ['submit', 'read', 'priority', 'metrics', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** Temporal takes no other weights. */
export const MIN_KEY_WEIGHT = 0.001;
export const MAX_KEY_WEIGHT = 1000;

/** The secret of `Authorization: Bearer …`. `undefined` for any other header. */
export function parseBearer(header: string): string | undefined {
  return /^Bearer +([\x21-\x7e]{1,200})$/i.exec(header.trim())?.[1];
}

/** An object for each key that was ever created is stored under this prefix, revoked ones too: names are never reused. */
export const API_KEY_PREFIX = 'access/keys/';
