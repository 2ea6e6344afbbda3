/** What a key may do. `admin` may do everything, with everybody's tasks. */
export const SCOPES = ['submit', 'read', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** Under it lies an object for each key that was ever made, revoked ones too: a name is never given twice. */
export const API_KEY_PREFIX = 'access/keys/';

export interface KeySecret {
  /** SHA-256 of the secret, lower-case hex. The secret has 256 random bits: a slow hash would protect it no better. */
  sha256: string;
  /** ISO 8601. */
  created_at: string;
  /** Set when another secret took its place. */
  expires_at?: string;
}

/** A key as it is stored. Whoever holds one of its secrets is known by its name, in jobs and in Temporal. */
export interface ApiKey {
  name: string;
  scopes: Scope[];
  created_at: string;
  revoked_at?: string;
  secrets: KeySecret[];
  /** Where they differ from the server's settings. */
  quota?: KeyQuota;
}

export interface KeyQuota {
  jobs_in_flight?: number;
  /** Of uploads, of jobs in flight. */
  bytes_in_flight?: number;
}
