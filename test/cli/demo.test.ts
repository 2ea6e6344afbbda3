import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { freePort } from '../../src/cli/stack/free-port.ts';
import { needs } from '../harness/needs.ts';
import { startTestStack } from '../harness/stack/test-stack.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const SAMPLES = fileURLToPath(new URL('../../samples', import.meta.url));
/** Four processes, real models and real frames on a machine that has other things to do. */
const DEMO_TIMEOUT_MS = 240_000;

needs('MODELS_DIR').describe('limelight demo', { timeout: DEMO_TIMEOUT_MS }, () => {
  let folder: string;
  let scratch: string;
  /** Where it looks for a server that runs. */
  let port: string;

  beforeEach(async () => {
    port = String(await freePort());
    folder = await mkdtemp(join(tmpdir(), 'limelight-demo-test-'));
    scratch = join(folder, 'tmp');
    await mkdir(scratch);
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const storages = async () => (await readdir(scratch)).filter((name) => name.startsWith('limelight-demo-'));

  const start = (args: string[], env: Record<string, string> = {}) => {
    const child = spawn(process.execPath, [MAIN, 'demo', ...args], {
      cwd: folder,
      env: { ...process.env, TMPDIR: scratch, API_PORT: port, ...env },
    });
    const [said, printed] = [child.stderr, child.stdout].map(collect);
    const ended = once(child, 'close').then(([code]) => ({ code, said: said!(), printed: printed!() }));
    return { child, ended };
  };

  it('makes a video of the samples with options and prints its path', async () => {
    const { code, said, printed } = await start(['-o', 'talk.mp4', '--long-side', '512']).ended;

    expect(said).toContain('100 %');
    expect({ code, printed }).toEqual({ code: 0, printed: 'talk.mp4\n' });
    expect((await readFile(join(folder, 'talk.mp4'))).subarray(4, 8).toString()).toBe('ftyp');
    expect(await storages()).toEqual([]);
  });

  it('uses the server that runs, and a stack beside it needs no other device', async () => {
    await using stack = await startTestStack({ CUDA_VISIBLE_DEVICES: '0' });
    const { port: running } = new URL(stack.apiUrl);

    const [used, own] = await Promise.all([
      start(['-o', 'used.mp4'], { API_PORT: running, CUDA_VISIBLE_DEVICES: '0' }).ended,
      start(['-o', 'own.mp4'], { CUDA_VISIBLE_DEVICES: '0' }).ended,
    ]);

    expect(used).toMatchObject({
      code: 0,
      said: expect.stringContaining(`Using the server that runs at ${stack.apiUrl}`),
    });
    expect(used.said).not.toContain('Starting');
    expect(own).toMatchObject({ code: 0, said: expect.stringContaining('Ready in') });
  });

  it('explains a failed job in one sentence, and says what to try', async () => {
    const wall = { create: { width: 640, height: 640, channels: 3 as const, background: 'grey' } };
    await sharp(wall).toFile(join(folder, 'wall.png'));

    const { code, said, printed } = await start(['wall.png', join(SAMPLES, 'voice.wav')]).ended;

    expect({ code, printed }).toEqual({ code: 4, printed: '' });
    // The last line is advice.
    expect(said.trim().split('\n').at(-2)).toMatch(/^error: No person was found/);
    expect(await storages()).toEqual([]);
  });

  it('cancels its job at Ctrl-C and leaves nothing behind', async () => {
    const { child, ended } = start([]);
    child.stderr.on('data', (text) => String(text).includes('Accepted') && child.kill('SIGINT'));

    const { code, said } = await ended;

    expect(code).toBe(130);
    expect(said).toContain('The task was cancelled');
    expect(await storages()).toEqual([]);
    expect(await readdir(join(folder, 'out'))).toEqual([]);
  });

  it('says how to get models if there are none', async () => {
    const { code, said } = await start([], { MODELS_DIR: scratch }).ended;

    expect(code).toBe(5);
    expect(said).toContain('Set MODELS_DIR to a folder with models');
  });
});

function collect(stream: Readable): () => string {
  let text = '';
  stream.setEncoding('utf8').on('data', (more) => {
    text += more;
  });
  return () => text;
}
