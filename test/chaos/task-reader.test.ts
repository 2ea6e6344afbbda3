import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { readTask } from './task-reader.ts';

/** A server that sends these events, one list for each connection, whatever it is asked for. */
async function serve(connections: number[][]): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(String(request.headers['last-event-id']));
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    for (const seq of connections.shift() ?? []) send(response, seq);
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const LAST = 4;

function send(response: ServerResponse, seq: number): void {
  const stage = seq === LAST ? 'COMPLETED' : 'INITIALIZED';
  const event = { seq, event_type: 'stage_update', data: { stage, message: 'It goes on' } };
  response.write(`id: ${seq}\ndata: ${JSON.stringify(event)}\n\n`);
}

function read(url: string) {
  return readTask({
    taskId: 'task',
    reader: { kind: 'late', cutAfter: 0 },
    apiUrls: [url],
    apiKey: 'key',
    goesOn: async () => false,
    isSubmitted: () => true,
    signal: AbortSignal.timeout(10_000),
  });
}

it('goes on after the last event that it has', async () => {
  const { url, asked } = await serve([[1, 2], [3], [4]]);

  const { events, end, connections } = await read(url);

  expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
  expect({ end, connections }).toEqual({ end: 'ended', connections: 3 });
  expect(asked).toEqual(['0', '2', '3']);
});

it('writes down what it is sent twice and does not see what it is not sent', async () => {
  const { url } = await serve([
    [1, 1],
    [1, 4],
  ]);

  const { events } = await read(url);

  expect(events.map(({ seq }) => seq)).toEqual([1, 1, 1, 4]);
});
