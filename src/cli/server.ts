import type { Command } from 'commander';
import { createLimelightClient, type LimelightClient } from '../client/limelight-client.ts';
import { readEnvironment } from '../config/read-environment.ts';
import { loadConfig } from '../config.ts';
import { PipelineError } from '../errors.ts';
import { toLocalUrl } from './local-url.ts';

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

/** @throws PipelineError API_UNREACHABLE at once where no server takes submissions. */
export async function connect(flags: ServerFlags, signal: AbortSignal): Promise<LimelightClient> {
  const { client, url } = openServer(flags);
  if (!(await client.isReady({ signal }))) {
    throw notReady(url);
  }
  return client;
}

export function notReady(url: string): PipelineError {
  return new PipelineError(
    'API_UNREACHABLE',
    `No Limelight server is ready at ${url}. Start one with \`limelight up\`, or name another with --server.`,
  );
}
