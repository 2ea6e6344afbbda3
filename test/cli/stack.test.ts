import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { startStack } from '../../src/cli/stack/stack.ts';
import { loadConfig } from '../../src/process/load-config.ts';
import { processesBelow } from '../harness/stack/processes-below.ts';
import { stackEnvironment } from '../harness/stack/stack-environment.ts';

const MAX_LOG_BYTES = 10_000_000;

let root: string;
let environment: Record<string, string | undefined>;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'limelight-no-stack-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  environment = await stackEnvironment(root);
});

/** Starts with settings for the processes that this process did not read. */
const start = (changed: Record<string, string> = {}, signal = new AbortController().signal) =>
  startStack({
    config: loadConfig(environment),
    environment: { ...environment, ...changed },
    onWarning: () => {},
    signal,
  });
const logs = () => readdir(join(root, 'logs')).catch(() => []);

describe('a stack that cannot start', () => {
  it('names the setting of a port that is in use, before any process starts', async () => {
    const other = createServer().listen(Number(environment.API_PORT), '127.0.0.1');
    onTestFinished(() => void other.close());
    await once(other, 'listening');

    await expect(start()).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('API_PORT'),
    });
    expect(await logs()).toEqual([]);
  });

  it('says that Limelight already runs there', async () => {
    const other = createHttpServer((_, response) => response.end('{}'));
    onTestFinished(() => void other.close());
    await once(other.listen(Number(environment.API_PORT), '127.0.0.1'), 'listening');

    await expect(start()).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(`Limelight already runs at http://127.0.0.1:${environment.API_PORT}`),
    });
    expect(await logs()).toEqual([]);
  });

  it('fails with the reason of the process that cannot run', async () => {
    // Open to the network, and without keys.
    await expect(start({ API_HOST: '0.0.0.0' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('API_WITHOUT_KEYS'),
    });
  });

  it('stops its processes if it is told to stop, and renames large log files', async () => {
    await mkdir(join(root, 'logs'));
    for (const [name, bytes] of [
      ['io.log', MAX_LOG_BYTES + 1],
      ['api.log', MAX_LOG_BYTES],
    ] as const) {
      await writeFile(join(root, 'logs', name), '');
      await truncate(join(root, 'logs', name), bytes);
    }
    const stop = new AbortController();
    const starting = start({ CUDA_VISIBLE_DEVICES: 'test-one,test-two' }, stop.signal);
    await expect.poll(logs).toContain('api.log');

    stop.abort();

    await expect(starting).rejects.toThrow(/abort/i);
    const left = await processesBelow(process.pid);
    expect(left.filter(({ args }) => !args.startsWith('ps '))).toEqual([]);
    expect((await logs()).sort()).toEqual(['api.log', 'gpu.log', 'io.log', 'io.log.1', 'temporal.log']);
  });
});
