import type { ApiKey } from '../contracts/schemas/api-key.ts';

/** The API keys as they are stored now. */
export interface Keyring {
  /** The key of a secret; `undefined` if the secret is unknown, replaced or revoked. */
  find(secret: string): Promise<ApiKey | undefined>;
  /** The key of this name; `undefined` if there is none, or if it is revoked. */
  findActive(name: string): Promise<ApiKey | undefined>;
  /** Whether no key was ever made. Once there was one, every client needs a key, even if all are revoked. */
  isEmpty(): Promise<boolean>;
}
