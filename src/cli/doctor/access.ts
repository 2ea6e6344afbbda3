import { existsSync } from 'node:fs';
import type { Config } from '../../config/config.ts';
import { isLoopback } from '../../outbound/networks.ts';
import { createApiKeys } from '../../storage/api-keys.ts';
import { openStore } from '../../storage/open-store.ts';
import { type Check, fault, note, ok } from './finding.ts';

/** Who can use the API. A server that other machines can reach does not start without a key. */
export const checkAccess: Check = async ({ config }) => {
  const { host } = config.api;
  const { allowsAnonymousAccess } = config.access;
  const keys = await countKeys(config.storage);
  if (keys > 0) {
    return [ok(`${keys} API ${keys === 1 ? 'key' : 'keys'}`)];
  }
  if (isLoopback(host)) {
    return [ok('no API keys: the server serves this machine only')];
  }
  return allowsAnonymousAccess
    ? [
        note(
          `anyone who can reach ${host} may use the API, because API_WITHOUT_KEYS is set`,
          'npx limelight keys create me',
        ),
      ]
    : [fault(`the server does not listen on ${host} without an API key`, 'npx limelight keys create me')];
};

async function countKeys(storage: Config['storage']): Promise<number> {
  // Opening a store creates its folder; a check must not.
  if (!storage.s3 && !existsSync(storage.root)) {
    return 0;
  }
  using store = openStore(storage);
  return (await createApiKeys({ store }).list()).filter(({ revoked_at }) => !revoked_at).length;
}
