import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { needs } from '../harness/needs.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const SAMPLES = fileURLToPath(new URL('../../samples', import.meta.url));
/** Four processes, real models and real frames on a machine that has other things to do. */
const DEMO_TIMEOUT_MS = 240_000;

needs('MODELS_DIR').describe('limelight demo', { timeout: DEMO_TIMEOUT_MS }, () => {
  let folder: string;
  let scratch: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'limelight-demo-test-'));
    scratch = join(folder, 'tmp');
    await mkdir(scratch);
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const storages = async () => (await readdir(scratch)).filter((name) => name.startsWith('limelight-demo-'));

  const start = (args: string[], env: Record<string, string> = {}) => {
    const child = spawn(process.execPath, [MAIN, 'demo', ...args], {
      cwd: folder,
      // A device of its own: another stack may run on this machine.
      env: { ...process.env, TMPDIR: scratch, CUDA_VISIBLE_DEVICES: `test-${randomUUID()}`, ...env },
    });
    const [said, printed] = [child.stderr, child.stdout].map(collect);
    const ended = once(child, 'close').then(([code]) => ({ code, said: said!(), printed: printed!() }));
    return { child, ended };
  };

  it('makes a video of the samples and prints its path', async () => {
    const { code, said, printed } = await start(['-o', 'talk.mp4']).ended;

    expect(said).toContain('100 %');
    expect({ code, printed }).toEqual({ code: 0, printed: 'talk.mp4\n' });
    expect((await readFile(join(folder, 'talk.mp4'))).subarray(4, 8).toString()).toBe('ftyp');
    expect(await storages()).toEqual([]);
  });

  it('explains a failed job in one sentence', async () => {
    const wall = { create: { width: 640, height: 640, channels: 3 as const, background: 'grey' } };
    await sharp(wall).toFile(join(folder, 'wall.png'));

    const { code, said, printed } = await start(['wall.png', join(SAMPLES, 'voice.wav')]).ended;

    expect({ code, printed }).toEqual({ code: 4, printed: '' });
    expect(said.trim().split('\n').at(-1)).toMatch(/^error: No person was found/);
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
