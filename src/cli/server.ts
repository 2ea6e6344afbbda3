import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { createLimelightClient, type LimelightClient } from '../client/limelight-client.ts';
import { loadConfig } from '../config/config.ts';
import { readEnvironment } from '../config/read-environment.ts';
import { PipelineError } from '../errors.ts';
import { toLocalUrl } from './local-url.ts';
import { write } from './terminal/output.ts';

export interface ServerFlags {
  server?: string;
}

/** The server that a command talks to. Its key comes from API_KEY: arguments are seen by everybody on the machine. */
export interface Server {
  url: string;
  client: LimelightClient;
  /** Somebody named it, so that another one is no substitute. */
  isNamed: boolean;
}

export function addServerOption(command: Command): Command {
  return command.option(
    '--server <url>',
    'address of the server; default: API_URL, else the API of this machine',
  );
}

export function openServer({ server }: ServerFlags): Server {
  const { api, client } = loadConfig(readEnvironment());
  const named = server ?? client.url;
  const url = named ?? toLocalUrl(api);
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new PipelineError(
      'INPUT_INVALID',
      `Expected an address such as http://127.0.0.1:55433 for --server, but got ${url}.`,
    );
  }
  return {
    url,
    isNamed: named !== undefined,
    client: createLimelightClient({ baseUrl: url, ...(client.apiKey && { apiKey: client.apiKey }) }),
  };
}

/**
 * One that is there and not ready is taken: it tells of tasks that have ended, and the client asks again for what it
 * cannot answer yet.
 * @throws PipelineError API_UNREACHABLE at once where no server is.
 */
export async function connect(flags: ServerFlags, signal: AbortSignal): Promise<LimelightClient> {
  const { client, url } = openServer(flags);
  if (!(await client.isReady({ signal }))) {
    if (!(await client.isAlive({ signal }))) {
      throw notReady(url);
    }
    write(`The server at ${url} is not ready yet. What it cannot answer so far is asked again.`);
  }
  return client;
}

/** For a server that starts, or whose job server does. */
const READY_WAIT_MS = 60_000;
const READY_POLL_MS = 250;

/**
 * Whether a server takes submissions. One that is there and does not yet is waited for.
 * @throws PipelineError API_UNREACHABLE where it still does not after a minute: it has the ports and the GPU, so that
 * another one would not help.
 */
export async function untilReady(
  { client, url }: Pick<Server, 'client' | 'url'>,
  signal: AbortSignal,
  waitMs = READY_WAIT_MS,
): Promise<boolean> {
  const deadline = Date.now() + waitMs;
  for (let isTold = false; !(await client.isReady({ signal })); isTold = true) {
    if (!(await client.isAlive({ signal }))) {
      return false;
    }
    if (Date.now() > deadline) {
      throw notReady(url);
    }
    if (!isTold) {
      write(`The server at ${url} is not ready yet: waiting for it.`);
    }
    await sleep(READY_POLL_MS, undefined, { signal });
  }
  return true;
}

export function notReady(url: string): PipelineError {
  return new PipelineError(
    'API_UNREACHABLE',
    `No Limelight server is ready at ${url}. Start one with \`limelight up\`, or name another with --server.`,
  );
}
