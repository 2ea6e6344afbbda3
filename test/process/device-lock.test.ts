import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockDevice } from '../../src/process/device-lock.ts';
import { identifyProcess } from '../../src/process/process-identity.ts';
import { needs } from '../harness/needs.ts';

let root: string;
let holders: ChildProcess[] = [];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'locks-'));
});
afterEach(async () => {
  for (const holder of holders) {
    holder.kill('SIGKILL');
  }
  holders = [];
  await rm(root, { recursive: true });
});

function startHolder(device: string): ChildProcess {
  const script = fileURLToPath(new URL('./fixtures/device-holder.ts', import.meta.url));
  const holder = fork(script, [device, root], { execArgv: [] });
  holders.push(holder);
  return holder;
}

async function word(holder: ChildProcess): Promise<unknown> {
  const [message] = await once(holder, 'message');
  return message;
}

describe('the lock of a device', () => {
  it('refuses a second worker with DEVICE_IN_USE, naming the first', async () => {
    const holder = startHolder('0');
    expect(await word(holder)).toBe('held');
    await expect(lockDevice('0', root)).rejects.toMatchObject({
      code: 'DEVICE_IN_USE',
      message: expect.stringMatching(new RegExp(`Device 0 .* process ${holder.pid}`)),
    });
  });

  it('holds within one process, too', async () => {
    await using _lock = await lockDevice('0', root);
    await expect(lockDevice('0', root)).rejects.toMatchObject({ code: 'DEVICE_IN_USE' });
  });

  it('is free again when it is released', async () => {
    const lock = await lockDevice('0', root);
    await lock[Symbol.asyncDispose]();
    await using _again = await lockDevice('0', root);
    expect(await readdir(join(root, 'limelight-device-0'))).toHaveLength(1);
  });

  it('is separate for each device', async () => {
    await using _first = await lockDevice('0', root);
    await using _second = await lockDevice('GPU-8f/2', root);
    expect(await readdir(root)).toHaveLength(2);
  });

  it('is free at once after its process was killed', async () => {
    const holder = startHolder('0');
    await word(holder);
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    await using _lock = await lockDevice('0', root);
    expect(await readdir(join(root, 'limelight-device-0'))).toHaveLength(1);
  });

  needs('Linux').it('is not held by a later process with the same id', async () => {
    const lock = await lockDevice('0', root);
    await lock[Symbol.asyncDispose]();
    const startedAt = Number(identifyProcess(process.ppid)?.startedAt);
    await writeFile(join(root, 'limelight-device-0', `${process.ppid}_${startedAt - 1}_token`), '');
    await using _lock = await lockDevice('0', root);
    expect(startedAt).toBeGreaterThan(0);
  });

  it('is taken by one of many workers that start together', async () => {
    // All of them may give way to each other. Then they start again, as under a service manager.
    for (let round = 1; ; round += 1) {
      const contenders = Array.from({ length: 4 }, () => startHolder('0'));
      const words = await Promise.all(contenders.map(word));
      const held = words.filter((each) => each === 'held').length;
      expect(words.filter((each) => each === 'DEVICE_IN_USE').length).toBe(4 - held);
      expect(held).toBeLessThanOrEqual(1);
      if (held === 1) {
        break;
      }
      expect(round, 'rounds without a winner').toBeLessThan(5);
    }
  });
});
