import { isIP } from 'node:net';
import { Agent, buildConnector, request } from 'undici';
import { ignoreFailure, PipelineError } from '../errors.ts';
import type { Outbound } from '../ports/outbound.ts';
import type { Networks } from './networks.ts';
import { isPublicAddress } from './public-address.ts';
import { createNameResolver } from './resolve-names.ts';

export interface OutboundOptions {
  /** Private networks that may be reached, by plain http too. */
  allowed: Networks;
  /** Resolves a name. Default: the system's resolver. */
  resolve?: (name: string) => Promise<string[]>;
  /** Certificates to trust in addition to the system's. */
  ca?: string;
  /** Default: 5 s. */
  connectMs?: number;
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Resolves a name once for each connection, checks all its addresses, and connects to one of them. So a DNS answer that
 * changes later makes no difference.
 */
export function createOutbound({
  allowed,
  resolve = systemResolve,
  ca,
  connectMs = 5_000,
}: OutboundOptions): Outbound {
  const connectTo = buildConnector({ timeout: connectMs, ...(ca && { ca }) });

  /** The addresses in the order to try them. */
  async function addressesOf(protocol: string, hostname: string): Promise<string[]> {
    const host = hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
    const addresses = isIP(host) ? [host] : await resolve(host);
    const mayUse = (address: string) =>
      allowed.has(address) || (protocol === 'https:' && isPublicAddress(address));
    if (addresses.length === 0) {
      throw unreachable('has no address');
    }
    if (!addresses.every(mayUse)) {
      throw new PipelineError(
        'URL_FORBIDDEN',
        'Expected an https URL on the internet, but this one leads elsewhere. Put the file on a public server, or ask the operator to allow the network (PRIVATE_NETWORKS).',
      );
    }
    return addresses;
  }

  const agent = new Agent({
    connect: (options, callback) => {
      const connect = (addresses: string[]) => {
        const [address = '', ...others] = addresses;
        connectTo({ ...options, hostname: address }, (error, socket) => {
          if (error && others.length > 0) {
            connect(others);
          } else if (error) {
            callback(error, null);
          } else {
            callback(null, socket);
          }
        });
      };
      addressesOf(options.protocol, options.hostname).then(connect, (error) => callback(error, null));
    },
    pipelining: 1,
    // Every request resolves the name again.
    keepAliveTimeout: 1,
    keepAliveMaxTimeout: 1,
  });

  return {
    async check(url) {
      const { protocol, hostname } = parseUrl(url);
      await addressesOf(protocol, hostname);
    },

    async request(url, { maxRedirects = 0, signal, method = 'GET', headers, body }) {
      let target = parseUrl(url);
      for (let redirects = 0; ; redirects += 1) {
        const answer = await request(target, {
          dispatcher: agent,
          signal,
          method,
          headers: { 'accept-encoding': 'identity', 'user-agent': 'Limelight', ...headers },
          ...(body !== undefined && { body }),
        }).catch((error) => {
          throw toOutboundError(error, signal);
        });
        const { location } = answer.headers;
        if (!REDIRECTS.has(answer.statusCode) || typeof location !== 'string' || maxRedirects === 0) {
          return answer;
        }
        await ignoreFailure(
          answer.body.dump({ limit: 65_536, signal }),
          'the body of a redirect is not used',
        );
        if (redirects === maxRedirects) {
          throw unreachable(`redirects more than ${maxRedirects} times`);
        }
        target = parseUrl(location, target);
      }
    },

    [Symbol.asyncDispose]: () => agent.destroy(),
  };
}

/** @throws PipelineError URL_FORBIDDEN for a URL that may not be requested, whatever its address. */
function parseUrl(text: string, base?: URL): URL {
  const url = URL.canParse(text, base?.href) ? new URL(text, base) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.hostname === '' || url.username || url.password) {
    throw new PipelineError(
      'URL_FORBIDDEN',
      'Expected an https URL without a user name, such as https://example.org/photo.jpg.',
    );
  }
  return url;
}

const resolveName = createNameResolver();

function systemResolve(name: string): Promise<string[]> {
  return resolveName(name).catch((cause) => {
    throw unreachable('names an unknown host', cause);
  });
}

function toOutboundError(error: unknown, signal: AbortSignal): unknown {
  if (error instanceof PipelineError) {
    return error;
  }
  return unreachable(signal.aborted ? 'did not answer in time' : 'did not answer', error);
}

export function unreachable(what: string, cause?: unknown): PipelineError {
  return new PipelineError('URL_UNREACHABLE', `Expected a URL that answers, but it ${what}.`, { cause });
}
