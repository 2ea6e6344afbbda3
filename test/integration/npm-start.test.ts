import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished } from 'vitest';
import { isAlive } from '../../src/process/process-identity.ts';
import { processesBelow } from '../harness/stack/processes-below.ts';
import { stackEnvironment } from '../harness/stack/stack-environment.ts';

const ROOT = join(import.meta.dirname, '../..');

/** The files and folders that other users of the machine may read or list. */
async function findOpenFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  const open = await Promise.all(
    names.map(async (name) => {
      const entry = await lstat(join(folder, name));
      return !entry.isSymbolicLink() && (entry.mode & 0o077) !== 0 ? name : [];
    }),
  );
  return open.flat();
}

const TITLE = '`npm start` keeps its files private, and ends everything it started if only npm is stopped';

it(TITLE, { timeout: 120_000 }, async () => {
  const root = await mkdtemp(join(tmpdir(), 'limelight-npm-start-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  // The umask of most shells.
  const npm = spawn('sh', ['-c', 'umask 022 && exec npm start'], {
    cwd: ROOT,
    env: { ...(await stackEnvironment(root)), MODELS_DIR: undefined },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = once(npm, 'exit');
  for await (const line of createInterface({ input: npm.stderr })) {
    if (line.startsWith('Ready in')) break;
  }
  const started = await processesBelow(npm.pid!);
  expect(started.length).toBeGreaterThan(4);
  const left = () => started.filter(({ pid }) => isAlive(pid));
  onTestFinished(() => left().forEach(({ pid }) => void process.kill(pid, 'SIGKILL')));

  expect(await readdir(root)).toEqual(expect.arrayContaining(['.scratch', 'logs', 'temporal']));
  expect(await findOpenFiles(root)).toEqual([]);

  npm.kill('SIGTERM');

  await exited;
  await expect.poll(left, { timeout: 20_000 }).toEqual([]);
});
