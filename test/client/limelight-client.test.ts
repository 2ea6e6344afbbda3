import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLimelightClient, type LimelightClient, newTaskId } from '../../src/client/limelight-client.ts';
import type { Stage } from '../../src/contracts/stages.ts';

const TASK = '11111111-2222-4333-8444-555555555555';
const toText = async (request: IncomingMessage) => Buffer.concat(await request.toArray()).toString('latin1');

const frame = (seq: number, stage: Stage) =>
  `id: ${seq}\ndata: ${JSON.stringify({ seq, task_id: TASK, event_type: 'stage_update', data: { stage } })}\n\n`;

describe('the client', () => {
  let server: Server;
  let answer: RequestListener;
  let client: LimelightClient;

  beforeEach(async () => {
    server = createServer((request, response) => answer(request, response)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    client = createLimelightClient({ baseUrl: `http://127.0.0.1:${port}`, retryDelayMs: 10 });
  });

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const submission = {
    taskId: TASK,
    image: new Blob(['PHOTO']),
    audio: new Blob(['VOICE']),
    fields: { background: 'blur', persons: 2 },
  };

  it('submits both files and the fields under the id of the caller', async () => {
    let received = '';
    answer = async (request, response) => {
      received = `${request.method} ${request.url}\n${await toText(request)}`;
      response.writeHead(202).end('{}');
    };

    await client.submit(submission);

    expect(received).toMatch(new RegExp(`^PUT /api/pipeline/tasks/${TASK}\n`));
    expect(received).toMatch(/name="background"\r\n\r\nblur/);
    expect(received).toMatch(/name="persons"\r\n\r\n2/);
    expect(received).toMatch(/name="image"; filename="blob"[\s\S]*PHOTO/);
    expect(received).toMatch(/name="audio"; filename="blob"[\s\S]*VOICE/);
  });

  it('submits again with the whole body if the server asks for a retry', async () => {
    const bodies: string[] = [];
    answer = async (request, response) => {
      bodies.push(await toText(request));
      const refused = bodies.length < 3;
      response.writeHead(refused ? 503 : 202, refused ? { 'Retry-After': '0' } : {}).end('{}');
    };

    await client.submit(submission);

    expect(bodies).toHaveLength(3);
    expect(bodies[2]).toContain('VOICE');
  });

  it("rejects with the server's code and words", async () => {
    answer = (_, response) => {
      response.writeHead(404, { 'Content-Type': 'application/problem+json' });
      response.end('{"code":"TASK_NOT_FOUND","detail":"There is no such task."}');
    };

    await expect(client.cancel(TASK)).rejects.toMatchObject({
      code: 'TASK_NOT_FOUND',
      message: 'There is no such task.',
    });
  });

  it('names the address if there is no response', async () => {
    const nobody = createLimelightClient({ baseUrl: 'http://127.0.0.1:1', retryDelayMs: 1 });

    await expect(nobody.cancel(TASK)).rejects.toMatchObject({
      code: 'API_UNREACHABLE',
      message: expect.stringContaining('http://127.0.0.1:1'),
    });
  });

  it('yields each event once, in order, however often the connection breaks', async () => {
    const stages: Stage[] = ['INITIALIZED', 'UPLOAD_COMPLETE', 'DETECTION_RUNNING', 'COMPLETED'];
    answer = (request, response) => {
      const last = Number(request.headers['last-event-id']);
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write(`: hello\n\nevent: heartbeat\ndata: {}\n\n${frame(last + 1, stages[last]!)}`);
      // Half of the next event, then nothing.
      response.write(frame(last + 2, 'FAILED').slice(0, 30), () => request.socket.destroy());
    };

    const seen: string[] = [];
    for await (const event of client.events(TASK)) {
      seen.push(event.data.stage);
    }

    expect(seen).toEqual(stages);
  });

  it('stops following when its signal is aborted', async () => {
    answer = (_, response) => void response.writeHead(200).write(frame(1, 'INITIALIZED'));
    const stop = new AbortController();

    const follow = async () => {
      for await (const _ of client.events(TASK, { signal: stop.signal })) {
        stop.abort(new Error('enough'));
      }
    };

    await expect(follow()).rejects.toThrow('enough');
  });

  it('yields nothing to a reader that has the last event', async () => {
    answer = (_, response) => void response.writeHead(204).end();

    expect(await Array.fromAsync(client.events(TASK, { since: 7 }))).toEqual([]);
  });

  it('reconnects after the delay that the server asked for', async () => {
    const asked: number[] = [];
    answer = (request, response) => {
      asked.push(Date.now());
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      const last = Number(request.headers['last-event-id']);
      response.end(last === 0 ? `${frame(1, 'INITIALIZED')}retry: 150\n\n` : frame(2, 'COMPLETED'));
    };

    expect(await Array.fromAsync(client.events(TASK), ({ data }) => data.stage)).toEqual([
      'INITIALIZED',
      'COMPLETED',
    ]);
    expect(asked[1]! - asked[0]!).toBeGreaterThanOrEqual(140);
  });

  it('waits for the outcome in the last event', async () => {
    const outcome = { task_id: TASK, success: false };
    const event = { seq: 1, event_type: 'stage_update', data: { stage: 'FAILED', details: { outcome } } };
    answer = (_, response) => void response.end(`id: 1\ndata: ${JSON.stringify(event)}\n\n`);

    expect(await client.wait(TASK)).toEqual(outcome);
  });

  it('sends its key with every call', async () => {
    const keys: unknown[] = [];
    answer = (request, response) => {
      keys.push(request.headers.authorization);
      response.end('{}');
    };
    const { port } = server.address() as AddressInfo;
    const withKey = createLimelightClient({ baseUrl: `http://127.0.0.1:${port}`, apiKey: 'll_secret' });

    await withKey.status(TASK);
    await withKey.isReady();

    expect(keys).toEqual(['Bearer ll_secret', 'Bearer ll_secret']);
  });

  it.each<[string, (client: LimelightClient) => Promise<unknown>]>([
    [`GET /api/pipeline/status/${TASK}`, (it) => it.status(TASK)],
    [
      'GET /api/pipeline/tasks?cursor=abc&status=failed',
      (it) => it.list({ cursor: 'abc', status: 'failed' }),
    ],
    [`POST /api/pipeline/tasks/${TASK}/cancel`, (it) => it.cancel(TASK)],
    [`POST /api/pipeline/tasks/${TASK}/retry?from=provider`, (it) => it.retry(TASK, { from: 'provider' })],
    [`POST /api/pipeline/tasks/${TASK}/person {"person":2}`, (it) => it.choosePerson(TASK, 2)],
    [`DELETE /api/pipeline/tasks/${TASK}`, (it) => it.erase(TASK)],
    [`GET /api/pipeline/tasks/${TASK}/timeline`, (it) => it.timeline(TASK)],
    [`GET /api/pipeline/tasks/${TASK}/mask`, (it) => it.download(TASK, { file: 'mask' })],
  ])('calls %s', async (expected, act) => {
    let received = '';
    answer = async (request, response) => {
      received = `${request.method} ${request.url} ${await toText(request)}`.trim();
      response.end('{}');
    };

    await act(client);

    expect(received).toBe(expected);
  });
});

describe('newTaskId', () => {
  it('makes random UUIDs of version 4', () => {
    const ids = Array.from({ length: 100 }, newTaskId);

    expect(new Set(ids).size).toBe(100);
    for (const id of ids) {
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }
  });
});
