/** What a key may do. `admin` may do everything, with the tasks of every key. */
export const SCOPES = ['submit', 'read', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** Temporal takes no other weights. */
export const MIN_KEY_WEIGHT = 0.001;
export const MAX_KEY_WEIGHT = 1000;

/** An object for each key that was ever created is stored under this prefix, revoked ones too: names are never reused. */
export const API_KEY_PREFIX = 'access/keys/';
