import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { createLimelightClient, type LimelightClient } from '../client/limelight-client.ts';
import { readEnvironment } from '../config/read-environment.ts';
import { PipelineError } from '../errors.ts';
import { loadConfig } from '../process/load-config.ts';
import { write } from './terminal/output.ts';

export interface ServerFlags {
  server?: string;
}

/** The server that a command talks to. Its key comes from API_KEY, because all users of a machine can see arguments. */
export interface Server {
  url: string;
  client: LimelightClient;
  /** The user named it by --server or API_URL, so another server is no substitute. */
  isNamed: boolean;
}

export function addServerOption(command: Command): Command {
  return command.option(
    '--server <url>',
    'address of the server; default: API_URL, or the server on this machine',
  );
}

export function openServer({ server }: ServerFlags): Server {
  const { api, client } = loadConfig(readEnvironment());
  const named = server ?? client.url;
  const url = named ?? toLocalUrl(api);
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new PipelineError(
      'INPUT_INVALID',
      `Expected an address such as http://127.0.0.1:55433 for --server, but received ${url}.`,
    );
  }
  return {
    url,
    isNamed: named !== undefined,
    client: createLimelightClient({ baseUrl: url, ...(client.apiKey && { apiKey: client.apiKey }) }),
  };
}

/**
 * Accepts a server that is running but not ready: it can report ended tasks, and the client retries other requests.
 * @throws PipelineError API_UNREACHABLE at once if no server is running.
 */
export async function connect(flags: ServerFlags, signal: AbortSignal): Promise<LimelightClient> {
  const { client, url } = openServer(flags);
  if (!(await client.isReady({ signal }))) {
    if (!(await client.isAlive({ signal }))) {
      throw notReady(url);
    }
    write(`The server at ${url} is not ready yet. Requests are retried until it is.`);
  }
  return client;
}

/** How long to wait for a server that is starting, or waiting for Temporal. */
const READY_TIMEOUT_MS = 60_000;
const READY_POLL_INTERVAL_MS = 250;

/**
 * Whether a server accepts submissions. Waits for one that is running but not ready.
 * @throws PipelineError API_UNREACHABLE if it is still not ready after a minute. It holds the ports and the GPU, so
 * starting another one would not help.
 */
export async function untilReady(
  { client, url }: Pick<Server, 'client' | 'url'>,
  signal: AbortSignal,
  timeoutMs = READY_TIMEOUT_MS,
): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  for (let isAnnounced = false; !(await client.isReady({ signal })); isAnnounced = true) {
    if (!(await client.isAlive({ signal }))) {
      return false;
    }
    if (Date.now() > deadline) {
      throw notReady(url);
    }
    if (!isAnnounced) {
      write(`The server at ${url} is not ready yet: waiting.`);
    }
    await sleep(READY_POLL_INTERVAL_MS, undefined, { signal });
  }
  return true;
}

export function notReady(url: string): PipelineError {
  return new PipelineError(
    'API_UNREACHABLE',
    `No Limelight server is ready at ${url}. Start one with \`npx limelight up\`, or name another one with --server.`,
  );
}

/** Address of a server on this machine. If it listens on all addresses, uses loopback. */
export function toLocalUrl({ host, port }: { host: string; port: number }): string {
  if (host === '0.0.0.0' || host === '::') {
    return `http://127.0.0.1:${port}`;
  }
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
