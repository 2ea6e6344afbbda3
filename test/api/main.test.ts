import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { jobForm } from '../harness/api/job-form-data.ts';
import { submit } from '../harness/api/submit.ts';
import { openTestNamespace, type TestServer } from '../harness/temporal-server.ts';

const MAIN = fileURLToPath(new URL('../../src/api/main.ts', import.meta.url));
const STARTERS = fileURLToPath(new URL('../../models', import.meta.url));

let server: TestServer;
let root: string;
let api: ChildProcess;

beforeAll(async () => {
  server = await openTestNamespace();
  root = await mkdtemp(join(tmpdir(), 'limelight-main-'));
});

afterEach(() => api.kill('SIGKILL'));

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

/** Resolves with the port once the process says that it listens. */
async function start(env: Record<string, string> = {}): Promise<number> {
  api = spawn(process.execPath, [MAIN], {
    env: { ...process.env, ...server.env, STORAGE_ROOT: root, API_PORT: '0', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  for await (const line of createInterface({ input: api.stderr! })) {
    const { msg, port } = JSON.parse(line) as { msg: string; port: number };
    if (msg === 'API listening') {
      api.stderr!.resume();
      return port;
    }
  }
  throw new Error('The API ended before it listened');
}

/** A submission of which half is sent. */
async function startUpload(
  port: number,
  query = '',
): Promise<{ socket: Socket; rest: Buffer; answer: Promise<string> }> {
  const form = new Response(jobForm());
  const body = Buffer.from(await form.arrayBuffer());
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  const answer = once(socket, 'close').then(() => text);
  socket.on('error', () => {});
  socket.write(
    `POST /api/pipeline/generate${query} HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${form.headers.get('content-type')}\r\nContent-Length: ${body.length}\r\n\r\n`,
  );
  const half = body.length >> 1;
  socket.write(body.subarray(0, half));
  await expect.poll(() => readdir(join(root, '.scratch')).then((names) => names.length)).toBeGreaterThan(0);
  return { socket, rest: body.subarray(half), answer };
}

const exit = () => once(api, 'exit').then(([code]) => code as number);

const listens = (port: number) =>
  fetch(`http://127.0.0.1:${port}/health/live`).then(
    () => true,
    () => false,
  );

describe('the API process', () => {
  it('finishes uploads, disconnects readers and accepts nothing new after SIGTERM', async () => {
    const port = await start();
    const { events_url } = (await submit({ url: `http://127.0.0.1:${port}` })).body;
    const reader = await fetch(`http://127.0.0.1:${port}${events_url}`);
    const upload = await startUpload(port);
    const exited = exit();

    api.kill('SIGTERM');

    expect(await reader.text()).toMatch(/retry: 1000\n\n$/);
    await expect(fetch(`http://127.0.0.1:${port}/health/live`)).rejects.toThrow('fetch failed');
    upload.socket.write(upload.rest);
    expect(await upload.answer).toMatch(/^HTTP\/1\.1 202 /);
    expect(await exited).toBe(0);
  });

  it('closes WebSockets with 1012 after SIGTERM, so that clients reconnect', async () => {
    const port = await start();
    const { taskId } = await submit({ url: `http://127.0.0.1:${port}` });
    const socket = new WebSocket(`ws://127.0.0.1:${port}/api/pipeline/progress/${taskId}`);
    await once(socket, 'open');
    const closed = once(socket, 'close');
    const exited = exit();

    api.kill('SIGTERM');

    expect((await closed)[0]).toMatchObject({ code: 1012, reason: 'Reconnect with ?since=' });
    expect(await exited).toBe(0);
  });

  it('responds 202 to requests that wait for a result after SIGTERM', async () => {
    const port = await start();
    const upload = await startUpload(port, '?wait=300');
    const uploads = () => readdir(join(root, 'uploads')).catch(() => []);
    const before = (await uploads()).length;
    const waiting = submit({ url: `http://127.0.0.1:${port}` }, { waitS: 300 });
    // Durable, and its reader waits.
    await expect.poll(async () => (await uploads()).length, { timeout: 10_000 }).toBe(before + 1);
    const exited = exit();

    api.kill('SIGTERM');
    upload.socket.write(upload.rest);

    expect((await waiting).status).toBe(202);
    expect(await upload.answer).toMatch(/^HTTP\/1\.1 202 /);
    expect(await exited).toBe(0);
  });

  it('cuts off uploads after the grace period, and leaves nothing of them', async () => {
    const port = await start({ API_SHUTDOWN_GRACE_S: '0.5' });
    const upload = await startUpload(port);
    const exited = exit();

    api.kill('SIGTERM');

    expect(await upload.answer).toBe('');
    expect(await exited).toBe(0);
    expect(await readdir(join(root, '.scratch'))).toEqual([]);
  });

  it('exits at once after the second signal', async () => {
    const port = await start();
    await startUpload(port);
    const exited = exit();

    api.kill('SIGTERM');
    await expect.poll(() => listens(port)).toBe(false);
    // Two at the same time count as one: npm passes on what the terminal has sent.
    await sleep(600);
    api.kill('SIGTERM');

    expect(await exited).toBe(130);
  });

  it('does not listen beyond its machine while it has no keys', async () => {
    api = spawn(process.execPath, [MAIN], {
      env: {
        ...process.env,
        ...server.env,
        STORAGE_ROOT: root,
        API_HOST: '0.0.0.0',
        API_PORT: '0',
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let text = '';
    api.stderr!.on('data', (chunk) => {
      text += chunk;
    });

    expect(await exit()).toBe(1);
    expect(text).not.toContain('API listening');
    expect(text).toContain('limelight keys create');
    expect(text).toContain('API_WITHOUT_KEYS=allow');
  });

  it('lists the lip-sync model as a provider if it is installed', async () => {
    const models = await mkdtemp(join(tmpdir(), 'limelight-lips-'));
    const lips = { name: 'lips', task: 'lip-sync', file: 'lips.onnx', license: 'MIT' };
    await writeFile(join(models, 'lips.onnx'), 'a network');
    await writeFile(
      join(models, 'manifest.json'),
      JSON.stringify([{ ...lips, output: { kind: 'wav2lip' } }]),
    );
    const providersWith = async (env: Record<string, string>) => {
      const answer = await fetch(`http://127.0.0.1:${await start(env)}/api/info`);
      api.kill('SIGKILL');
      const { providers } = (await answer.json()) as { providers: { name: string; available: boolean }[] };
      return providers.filter(({ available }) => available).map(({ name }) => name);
    };

    expect(await providersWith({ MODELS_DIR: models })).toEqual(['local', 'lip-sync']);
    expect(await providersWith({ MODELS_DIR: STARTERS })).toEqual(['local']);
    await rm(models, { recursive: true });
  });

  it('explains what is wrong with its settings', async () => {
    api = spawn(process.execPath, [MAIN], {
      env: { ...process.env, API_PORT: 'none' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let text = '';
    api.stderr!.on('data', (chunk) => {
      text += chunk;
    });

    expect(await exit()).not.toBe(0);
    expect(text).toContain('API_PORT');
  });
});
