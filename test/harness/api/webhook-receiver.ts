import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WebhookBody } from '../../../src/contracts/schemas/webhook.ts';

export interface ReceivedWebhook {
  path: string;
  headers: Record<string, string>;
  text: string;
  body: WebhookBody;
}

const UNTIL_MS = 20_000;

/** A client's server, in a network that is allowed. A path that begins with a status is answered with it. */
export async function startReceiver() {
  const received: ReceivedWebhook[] = [];
  const statuses = new Map<string, number[]>();
  const server = createServer(async (request, response) => {
    const sent = await text(request);
    const path = request.url!;
    received.push({
      path,
      headers: request.headers as Record<string, string>,
      text: sent,
      body: JSON.parse(sent),
    });
    response.writeHead(statuses.get(path)?.shift() ?? 200, { location: '/redirected' }).end();
  });
  server.listen(0, '127.0.0.2');
  await once(server, 'listening');
  const base = `http://127.0.0.2:${(server.address() as AddressInfo).port}`;
  return {
    url: (path: string) => `${base}${path}`,
    at: (path: string) => received.filter((one) => one.path === path),
    /** What the next requests there are answered with; 200 after them. */
    answer: (path: string, ...codes: number[]) => statuses.set(path, codes),
    /** All that it ever received. */
    received: received as readonly ReceivedWebhook[],
    /** @throws Error unless exactly so many arrive there within 20 s */
    async until(path: string, count: number): Promise<ReceivedWebhook[]> {
      const at = () => received.filter((one) => one.path === path);
      for (const deadline = Date.now() + UNTIL_MS; at().length !== count; await sleep(20)) {
        if (Date.now() > deadline) {
          throw new Error(`Expected ${count} webhooks at ${path}, but ${at().length} came`);
        }
      }
      return at();
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
