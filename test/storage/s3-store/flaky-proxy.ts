import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request passes, is refused, or passes and its response is lost. */
export type Fate = 'pass' | 'refuse' | 'lose';

export interface FlakyProxy extends AsyncDisposable {
  url: string;
  /** For the next requests in order. Later ones pass. */
  fates: Fate[];
  /** All requests so far. */
  requests: Array<Pick<IncomingMessage, 'method' | 'url' | 'headers'>>;
}

/** A proxy in front of an S3 server. It passes on the host name, because the signature covers it. */
export async function startFlakyProxy(target: string): Promise<FlakyProxy> {
  const fates: Fate[] = [];
  const requests: FlakyProxy['requests'] = [];
  const { hostname, port } = new URL(target);
  const server = createServer((incoming, answer) => {
    const fate = fates.shift() ?? 'pass';
    if (fate === 'refuse') {
      incoming.resume();
      answer.writeHead(503).end();
      return;
    }
    const { method, url: path, headers } = incoming;
    requests.push(incoming);
    const onward = request({ hostname, port, method, path, headers }, (response) => {
      if (fate === 'lose') {
        response.resume().once('end', () => incoming.socket.destroy());
        return;
      }
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    onward.once('error', () => incoming.socket.destroy());
    incoming.pipe(onward);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fates,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
