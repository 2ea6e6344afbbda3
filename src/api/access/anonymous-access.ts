import type { Context } from 'hono';
import { PipelineError } from '../../errors.ts';
import { isLoopback } from '../../outbound/networks.ts';
import type { ApiEnv } from '../http/api-env.ts';
import { type Caller, EVERYTHING } from './caller.ts';

/** How a server without keys behaves. */
export interface AnonymousAccess {
  /** Nothing where a key is needed. Rejects what a web page elsewhere made a browser of this machine send. */
  enter(c: Context<ApiEnv>): Caller | undefined;
  /** Whether only this machine reaches the server. */
  isLocal: boolean;
}

export interface AnonymousAccessOptions {
  /** The address that the server listens on. */
  host: string;
  /** Whether others than this machine may use a server without keys. */
  letsAnyoneIn: boolean;
  corsOrigins: readonly string[];
}

const LOCAL_HOST = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i;

export function createAnonymousAccess({
  host,
  letsAnyoneIn,
  corsOrigins,
}: AnonymousAccessOptions): AnonymousAccess {
  const isLocal = isLoopback(host);
  const guest: Caller = { scopes: EVERYTHING };
  return {
    isLocal,
    enter(c) {
      if (!isLocal && !letsAnyoneIn) {
        return undefined;
      }
      const named = c.req.header('host') ?? new URL(c.req.url).host;
      // A name that somebody pointed at this machine makes a stranger's page "same origin" with it.
      if (isLocal && !LOCAL_HOST.test(named)) {
        throw new PipelineError(
          'ORIGIN_REFUSED',
          'This server has no API keys and answers to localhost only. Create a key to use it under another name.',
        );
      }
      const origin = c.req.header('origin');
      const isForeign = origin !== undefined && !isSame(origin, named) && !corsOrigins.includes(origin);
      if (isForeign || (origin === undefined && c.req.header('sec-fetch-site') === 'cross-site')) {
        throw new PipelineError(
          'ORIGIN_REFUSED',
          'This server has no API keys, and web pages of other origins may not use it. Name their origin in API_CORS_ORIGINS.',
        );
      }
      return guest;
    },
  };
}

function isSame(origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === host.toLowerCase().replace(/:(80|443)$/, '');
}
