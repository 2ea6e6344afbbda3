import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { on, once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { submit } from '../harness/api/submit.ts';
import { startTestPipeline } from '../harness/api/test-pipeline.ts';

const { api, worker } = await startTestPipeline({ commentIntervalMs: 50 });

const open = (taskId: string, query = '') =>
  new WebSocket(`${api.url.replace('http', 'ws')}/api/pipeline/progress/${taskId}${query}`);

interface Read {
  seqs: number[];
  types: Set<string>;
  pings: number;
  code: number;
}

async function readAll(socket: WebSocket): Promise<Read> {
  const read: Read = { seqs: [], types: new Set(), pings: 0, code: 0 };
  socket.on('message', (data) => {
    const event = JSON.parse(String(data)) as { event_type: string; seq?: number };
    read.types.add(event.event_type);
    if (event.seq !== undefined) read.seqs.push(event.seq);
  });
  socket.on('ping', () => {
    read.pings += 1;
  });
  [read.code] = await once(socket, 'close');
  return read;
}

async function nextHeartbeat(socket: WebSocket): Promise<void> {
  for await (const [data] of on(socket, 'message')) {
    if (JSON.parse(String(data)).event_type === 'heartbeat') return;
  }
}

/** The refusal of a handshake, as it came over the wire. */
async function handshake(path: string): Promise<string> {
  const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}\r\n\r\n`,
  );
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk;
  });
  await once(socket, 'close');
  return answer;
}

/** What the client in docs/http-api.md prints about a task. */
async function runSampleClient(taskId: string): Promise<string[]> {
  const page = await readFile(join(import.meta.dirname, '../../docs/http-api.md'), 'utf8');
  const sample = /```js\n(.*?new WebSocket.*?)```/s.exec(page)![1]!;
  const folder = await mkdtemp(join(tmpdir(), 'limelight-sample-'));
  try {
    const file = join(folder, 'client.mjs');
    await writeFile(file, sample);
    const { stdout } = await promisify(execFile)(process.execPath, [file, api.url, taskId]);
    return stdout.trim().split('\n');
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('a WebSocket at /api/pipeline/progress/{task_id}', () => {
  it('gives the sample client a percentage and a message with each event', async () => {
    using held = worker.hold('renderTalk');
    const { taskId } = await submit(api);
    const printing = runSampleClient(taskId);
    await expect.poll(() => held.reached(), { timeout: 20_000 }).toBe(1);
    await expect.poll(() => api.hub.readers, { timeout: 20_000 }).toBe(1);
    // A heartbeat goes to all readers of a task.
    const other = open(taskId);
    await nextHeartbeat(other);
    other.close();
    held.release();

    const lines = await printing;

    expect(lines.filter((line) => !/^[\d.]+% - \S.*$/.test(line))).toEqual([]);
    expect(lines).toContainEqual(expect.stringMatching(/^0% - Accepted/));
    expect(lines.at(-1)).toBe('100% - The video is ready');
  });

  it('sends every event and keep-alives, and then closes', async () => {
    using held = worker.hold('renderTalk');
    const { taskId } = await submit(api);
    const socket = open(taskId);
    const reading = readAll(socket);
    await expect.poll(() => held.reached(), { timeout: 20_000 }).toBe(1);
    for (let ping = 0; ping < 2; ping += 1) await once(socket, 'ping');
    await nextHeartbeat(socket);
    held.release();

    const { seqs, types, pings, code } = await reading;

    expect(seqs).toEqual(seqs.map((_, index) => index + 1));
    expect(seqs.length).toBeGreaterThan(8);
    expect([...types]).toEqual(expect.arrayContaining(['stage_update', 'heartbeat']));
    expect(pings).toBeGreaterThan(1);
    expect(code).toBe(1000);
  });

  it('resumes after the client’s last event, even if the task has ended', async () => {
    const { taskId } = await submit(api);
    const all = await readAll(open(taskId));

    const { seqs, code } = await readAll(open(taskId, '?since=5'));

    expect(seqs).toEqual(all.seqs.filter((seq) => seq > 5));
    expect(code).toBe(1000);
  });

  it('waits for a task that is not submitted yet', async () => {
    const taskId = randomUUID();
    const reading = readAll(open(taskId, '?wait=20'));

    await submit(api, { taskId });

    expect((await reading).code).toBe(1000);
  });

  it('leaves no reader behind when it closes', async () => {
    using held = worker.hold('renderTalk');
    const socket = open((await submit(api)).taskId);
    await once(socket, 'open');
    expect(api.hub.readers).toBe(1);

    socket.close();

    await expect.poll(() => api.hub.readers, { timeout: 10_000 }).toBe(0);
    held.release();
  });

  it('refuses an unknown task with a problem document', async () => {
    const answer = await handshake(`/api/pipeline/progress/${randomUUID()}`);

    expect(answer).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/);
    expect(answer).toContain('content-type: application/problem+json');
    expect(answer).toContain('"code":"TASK_NOT_FOUND"');
    expect(await handshake('/nowhere')).toContain('"code":"ROUTE_NOT_FOUND"');
  });

  it('tells plain HTTP clients to use a WebSocket', async () => {
    const answer = await fetch(`${api.url}/api/pipeline/progress/${randomUUID()}`);

    expect(answer.status).toBe(426);
    expect(answer.headers.get('upgrade')).toBe('websocket');
    expect(await answer.json()).toMatchObject({ code: 'UPGRADE_REQUIRED' });
  });
});
