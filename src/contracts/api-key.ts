/** What a key may do. `admin` may do everything, with the tasks of every key. */
export const SCOPES = ['submit', 'read', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** An object for each key that was ever created is stored under this prefix, revoked ones too: names are never reused. */
export const API_KEY_PREFIX = 'access/keys/';
