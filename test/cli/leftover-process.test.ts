import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endLeftover, rememberProcess } from '../../src/cli/stack/leftover-process.ts';

describe('endLeftover', () => {
  let dir: string;
  let pidFile: string;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'limelight-leftover-'));
    pidFile = join(dir, 'pid');
  });
  afterEach(() => rm(dir, { recursive: true }));

  const startProcess = (mark: string) => spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', mark]);

  it('ends the process of an earlier run', async () => {
    const leftover = startProcess(dir);
    const exited = once(leftover, 'exit');
    await rememberProcess(pidFile, leftover.pid!);

    await endLeftover(pidFile, dir);

    expect(await exited).toEqual([null, 'SIGKILL']);
  });

  it('spares another process that has the same id now', async () => {
    const other = startProcess('another');
    await rememberProcess(pidFile, other.pid!);

    await endLeftover(pidFile, dir);

    expect(other.exitCode).toBeNull();
    expect(other.signalCode).toBeNull();
    other.kill();
    await once(other, 'exit');
  });

  it('does nothing without a record of an earlier run', async () => {
    await expect(endLeftover(pidFile, dir)).resolves.toBeUndefined();
  });
});
