import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAdaptorServer } from '@hono/node-server';
import { Account, type AccountOptions } from './account.ts';
import { BUCKET_PATH, createEmulatorApp } from './app.ts';
import { ResultVideos } from './result-video.ts';
import { SignedUrls } from './signed-urls.ts';
import { TalkService } from './talk-service.ts';
import { Webhooks } from './webhooks.ts';

export interface EmulatorOptions {
  /** Default: a free port. */
  port?: number;
  host?: string;
  /** Origin that webhooks are sent to in place of their own, which D-ID requires to be https. */
  webhookOrigin?: string;
  /** Origin of the URLs of results, for example of a proxy. Default: the emulator's own. */
  resultOrigin?: string;
}

export interface Emulator extends AsyncDisposable {
  /** The value for `D_ID_API_URL`. */
  url: string;
  /** Opens an account. Accounts see nothing of each other. */
  open(options: AccountOptions): Account;
}

/** D-ID as an HTTP server in this process. Its files are in a temporary folder. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const folder = await mkdtemp(join(tmpdir(), 'limelight-d-id-emulator-'));
  const accounts = new Map<string, Account>();
  let url = '';
  const signedUrls = new SignedUrls();
  const { webhookOrigin, resultOrigin } = options;
  const webhooks = new Webhooks({
    rewrite: (given) => (webhookOrigin ? new URL(new URL(given).pathname, webhookOrigin).href : given),
  });
  const talks = new TalkService({
    folder,
    videos: new ResultVideos(join(folder, 'results')),
    webhooks,
    toSignedUrl: (path, expires) => signedUrls.sign(`${resultOrigin ?? url}${BUCKET_PATH}/${path}`, expires),
  });
  const app = createEmulatorApp({
    folder,
    talks,
    signedUrls,
    accounts: () => accounts.values(),
    findAccount: (authorization) => accounts.get(parseKey(authorization) ?? ''),
  });
  const server = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false });
  server.listen(options.port ?? 0, options.host ?? '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url,
    open(accountOptions) {
      const account = new Account(accountOptions);
      accounts.set(accountOptions.apiKey, account);
      return account;
    },
    async [Symbol.asyncDispose]() {
      if ('closeAllConnections' in server) {
        server.closeAllConnections();
      }
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Raw, in base64, or as a Bearer token. */
function parseKey(authorization: string | undefined): string | undefined {
  const [scheme, value] = authorization?.split(' ') ?? [];
  if (scheme === 'Bearer' || (scheme === 'Basic' && value?.includes(':'))) {
    return value;
  }
  return scheme === 'Basic' && value ? Buffer.from(value, 'base64').toString() : undefined;
}
