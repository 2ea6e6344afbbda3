import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';

interface Target {
  host: string;
  port: number;
}

const HOST = '127.0.0.1';
const LOCAL = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;

/**
 * Serves Temporal's Web UI under the names of this machine only. The Web UI itself answers to any name and asks for no
 * password, so a page whose name an attacker points to this machine could read and end every task (DNS rebinding).
 * @param target where the Web UI listens
 * @param codecEndpoint address of the codec server. The Web UI's own option for it sends no cookie, so signing in would fail.
 */
export async function startWebUiProxy(
  port: number,
  target: Target,
  codecEndpoint?: string,
): Promise<AsyncDisposable> {
  const server = createServer((incoming, outgoing) => {
    const reason = refusalOf(incoming);
    if (reason) {
      outgoing.writeHead(403, { 'Content-Type': 'text/plain', Connection: 'close' }).end(`${reason}\n`);
    } else if (codecEndpoint !== undefined && incoming.url!.split('?')[0] === '/api/v1/settings') {
      void answerSettings(outgoing, target, codecEndpoint).catch((error) => outgoing.destroy(error));
    } else {
      passOn(incoming, outgoing, target);
    }
  });
  server.listen(port, HOST);
  await once(server, 'listening');
  return {
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function refusalOf({ headers }: IncomingMessage): string | undefined {
  const { host = '', origin } = headers;
  if (!LOCAL.test(host)) {
    return `The Web UI answers at ${HOST} and localhost only.`;
  }
  // Its own protection of requests that change something is a cookie, which other ports of this machine can set.
  return origin === undefined || origin === `http://${host}`
    ? undefined
    : 'The Web UI answers its own pages only.';
}

async function answerSettings(outgoing: ServerResponse, { host, port }: Target, codecEndpoint: string) {
  const answer = await fetch(`http://${host}:${port}/api/v1/settings`);
  const settings = (await answer.json()) as { Codec?: object };
  const Codec = { ...settings.Codec, Endpoint: codecEndpoint, IncludeCredentials: true };
  outgoing
    .writeHead(answer.status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' })
    .end(JSON.stringify({ ...settings, Codec }));
}

function passOn(incoming: IncomingMessage, outgoing: ServerResponse, target: Target): void {
  const { method, url, headers } = incoming;
  const passed = request({ ...target, method, path: url, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode!, answer.headers);
    answer.pipe(outgoing);
    answer.once('error', () => outgoing.destroy());
  });
  passed.once('error', () => {
    if (outgoing.headersSent) {
      outgoing.destroy();
    } else {
      outgoing.writeHead(502, { 'Content-Type': 'text/plain' }).end('The Web UI does not answer.\n');
    }
  });
  outgoing.once('close', () => passed.destroy());
  incoming.pipe(passed);
}

/**
 * A random one of the 16 million addresses of the loopback network. It is hard to guess, and a name that points to 127.0.0.1
 * does not lead there. macOS has 127.0.0.1 only.
 */
export function pickHiddenAddress(): string {
  const [a, b, c] = randomBytes(3);
  return `127.${a}.${b}.${Math.max(2, Math.min(254, c!))}`;
}
