import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endLeftover, rememberProcess } from '../../src/cli/stack/leftover-process.ts';

const MODULE = fileURLToPath(new URL('../../src/cli/stack/leftover-process.ts', import.meta.url));

describe('endLeftover', () => {
  let dir: string;
  let pidFile: string;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'limelight-leftover-'));
    pidFile = join(dir, 'pid');
  });
  afterEach(() => rm(dir, { recursive: true }));

  const startProcess = (mark: string) => spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', mark]);

  /** By a process that has ended since. */
  const rememberInAnother = (pid: number) =>
    promisify(execFile)(process.execPath, [
      ...['--input-type=module', '-e'],
      `import { rememberProcess } from '${MODULE}'; await rememberProcess('${pidFile}', ${pid});`,
    ]);

  it('ends the process of an earlier run', async () => {
    const leftover = startProcess(dir);
    const exited = once(leftover, 'exit');
    await rememberInAnother(leftover.pid!);

    await endLeftover(pidFile, dir);

    expect(await exited).toEqual([null, 'SIGKILL']);
  });

  it('spares another process that has the same id now', async () => {
    const other = startProcess('another');
    await rememberInAnother(other.pid!);

    await endLeftover(pidFile, dir);

    expect(other.exitCode).toBeNull();
    expect(other.signalCode).toBeNull();
    other.kill();
    await once(other, 'exit');
  });

  it('refuses to share a folder with a run that goes on', async () => {
    const running = startProcess(dir);
    await rememberProcess(pidFile, running.pid!);

    await expect(endLeftover(pidFile, dir)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(`process ${process.pid}`),
    });

    expect(running.signalCode).toBeNull();
    running.kill();
    await once(running, 'exit');
  });

  it('does nothing without a record of an earlier run', async () => {
    await expect(endLeftover(pidFile, dir)).resolves.toBeUndefined();
  });
});
