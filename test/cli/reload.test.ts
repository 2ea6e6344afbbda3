import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { MAIN } from '../harness/cli/limelight.ts';
import { stackPorts } from '../harness/stack/stack-environment.ts';
import { stop } from '../harness/stop.ts';
import { untilReady } from '../harness/until-ready.ts';

const PROCESSES = ['api', 'io', 'gpu'] as const;
const SOON = { timeout: 30_000, interval: 200 };

let folder: string;
let url: string;
let fixed: string;
let up: ChildProcess;
let said = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'limelight-reload-'));
  const ports = await stackPorts();
  url = `http://127.0.0.1:${ports.API_PORT}`;
  const lines = Object.entries(ports).map(([name, port]) => `${name}=${port}`);
  fixed = `${lines.join('\n')}\nCUDA_VISIBLE_DEVICES=test-${randomUUID()}\n`;
  await write('LOG_LEVEL=info\nYOLO_CONFIDENCE_THRESHOLD=0.5\n');
  up = spawn(process.execPath, [MAIN, 'up'], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  up.stderr!.on('data', (text) => {
    said += text;
  });
  await untilReady(`${url}/health/ready`);
  await vi.waitFor(async () => {
    expect(await messages('io')).toContain('Ready');
    expect(await messages('gpu')).toContain('Ready');
  }, SOON);
});

afterAll(async () => {
  await stop(up);
  await rm(folder, { recursive: true, force: true });
});

const write = (text: string) => writeFile(join(folder, '.env'), `${fixed}${text}`);

async function lines(name: string): Promise<Array<Record<string, unknown>>> {
  const text = await readFile(join(folder, 'data/logs', `${name}.log`), 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
}
const messages = async (name: string) => (await lines(name)).map(({ msg }) => msg);
const pidOf = async (name: string) => Number((await lines(name)).at(-1)!.pid);
const threshold = async () => {
  const answer = await fetch(`${url}/api/info`);
  return ((await answer.json()) as { defaults: { conf_threshold: number } }).defaults.conf_threshold;
};

/** Resolves when all processes have the new settings. */
async function reload(text: string): Promise<void> {
  const reloads = async (name: string) =>
    (await messages(name)).filter((message) => message === 'Settings reloaded').length;
  const before = await Promise.all(PROCESSES.map(reloads));
  await write(text);
  up.kill('SIGHUP');
  for (const [index, name] of PROCESSES.entries()) {
    await expect.poll(() => reloads(name), SOON).toBeGreaterThan(before[index]!);
  }
}

it('passes SIGHUP on to all processes, which reload their settings', async () => {
  expect(await threshold()).toBe(0.5);
  const before = await Promise.all(PROCESSES.map(pidOf));

  await reload('LOG_LEVEL=debug\nYOLO_CONFIDENCE_THRESHOLD=0.3\n');

  expect(await threshold()).toBe(0.3);
  // None of them was restarted for it, Temporal neither.
  expect(await Promise.all(PROCESSES.map(pidOf))).toEqual(before);
  expect(said).not.toContain('starting again');
});

it('restarts a process with the reloaded settings', async () => {
  await reload('LOG_LEVEL=info\nYOLO_CONFIDENCE_THRESHOLD=0.4\n');
  const before = await pidOf('api');

  process.kill(before, 'SIGKILL');

  await expect.poll(() => pidOf('api'), SOON).not.toBe(before);
  await untilReady(`${url}/health/ready`);
  expect(await threshold()).toBe(0.4);
});

it('keeps its settings if the file has an error, and names it', async () => {
  await reload('LOG_LEVEL=debug\nYOLO_CONFIDENCE_THRESHOLD=0.3\n');
  await write('LOG_LEVEL=info\nYOLO_CONFIDENCE_THRESHOLD=often\n');

  up.kill('SIGHUP');

  for (const name of PROCESSES) {
    await expect
      .poll(async () => JSON.stringify((await lines(name)).at(-1)), SOON)
      .toContain('YOLO_CONFIDENCE_THRESHOLD');
  }
  expect(await threshold()).toBe(0.3);
  expect(said).toContain('The settings are invalid and were not reloaded');
});
