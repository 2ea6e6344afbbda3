import type { Context } from 'hono';
import { PipelineError } from '../../errors.ts';
import { isLoopback } from '../../outbound/networks.ts';
import type { Keyring } from '../../ports/keyring.ts';
import type { ApiEnv } from '../http/api-env.ts';
import { type Caller, EVERYTHING } from './caller.ts';

/** Access without a key, to a server that has no keys. */
export interface AnonymousAccess {
  /** The caller of a request without a key; `undefined` if a key is needed. Throws ORIGIN_REFUSED for pages of other origins. */
  callerOf(c: Context<ApiEnv>): Caller | undefined;
  /** Whether only this machine reaches the server. */
  isLocal: boolean;
}

export interface AnonymousAccessOptions {
  /** The address that the server listens on. */
  host: string;
  /** Whether clients on other machines may use a server that has no keys. */
  allowsAnonymousAccess: boolean;
  corsOrigins: readonly string[];
}

const LOCAL_HOST = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i;

export function createAnonymousAccess({
  host,
  allowsAnonymousAccess,
  corsOrigins,
}: AnonymousAccessOptions): AnonymousAccess {
  const isLocal = isLoopback(host);
  const guest: Caller = { scopes: EVERYTHING };
  return {
    isLocal,
    callerOf(c) {
      if (!isLocal && !allowsAnonymousAccess) {
        return undefined;
      }
      const hostname = c.req.header('host') ?? new URL(c.req.url).host;
      // DNS rebinding: a name that an attacker points at this machine makes the attacker's page "same origin" with it.
      if (isLocal && !LOCAL_HOST.test(hostname)) {
        throw new PipelineError(
          'ORIGIN_REFUSED',
          'This server has no API keys, so it answers only to localhost. Create a key to use it under another name.',
        );
      }
      const origin = c.req.header('origin');
      const isForeign = origin !== undefined && !isSame(origin, hostname) && !corsOrigins.includes(origin);
      // The same site is any port of this machine: another program there may be hostile too.
      const site = c.req.header('sec-fetch-site');
      if (isForeign || (origin === undefined && (site === 'cross-site' || site === 'same-site'))) {
        throw new PipelineError(
          'ORIGIN_REFUSED',
          'This server has no API keys, so pages of other origins may not use it. Add their origin to API_CORS_ORIGINS.',
        );
      }
      return guest;
    },
  };
}

function isSame(origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === host.toLowerCase().replace(/:(80|443)$/, '');
}

/** @throws PipelineError CONFIG_INVALID if other machines could reach a server without keys, and the settings do not allow it. */
export async function assertMayListen(
  {
    keyring,
    anonymousAccess,
  }: { keyring: Pick<Keyring, 'isEmpty'>; anonymousAccess: Pick<AnonymousAccess, 'isLocal'> },
  { host, allowsAnonymousAccess }: { host: string; allowsAnonymousAccess: boolean },
): Promise<void> {
  if (anonymousAccess.isLocal || allowsAnonymousAccess || !(await keyring.isEmpty())) {
    return;
  }
  throw new PipelineError(
    'CONFIG_INVALID',
    `Expected an API key before this server listens on ${host}, which other machines can reach: create one with "npx limelight keys create", or set API_WITHOUT_KEYS=allow`,
  );
}
