import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const mount = (sizeMb: number) => `mount -t tmpfs -o size=${sizeMb}m limelight "$1"`;
/** In a namespace of its own, so that only the program sees the disk and the disk goes with it. */
const inNamespace = (script: string, ...args: string[]) => ['-rm', 'sh', '-c', script, '-', ...args];

/** Whether this system lets a user mount a small disk of its own. */
export function maySmallDisk(): boolean {
  return spawnSync('unshare', inNamespace(mount(1), tmpdir())).status === 0;
}

/**
 * A command that mounts a new disk of this size at the folder and then runs the other command. Only that command and its
 * children see the disk, which goes with them.
 */
export function onSmallDisk(folder: string, sizeMb: number, command: string[]): [string, string[]] {
  return ['unshare', inNamespace(`${mount(sizeMb)} && shift && exec "$@"`, folder, ...command)];
}

const SPARE_KB = 64;
const FILL_TRIES = 50;

/** Makes a small disk as small as what is on it, from inside, so that nothing more can be written. */
export async function fillSmallDisk(folder: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const { blocks, bfree, bsize } = await statfs(folder);
    try {
      return await resizeSmallDisk(folder, Math.ceil(((blocks - bfree) * bsize) / 1024) + SPARE_KB);
    } catch (error) {
      // More was written in between.
      if (tries === FILL_TRIES) throw error;
    }
  }
}

/** Changes the size of a small disk from inside. Rejects if more is on it. */
export async function resizeSmallDisk(folder: string, sizeKb: number): Promise<void> {
  await promisify(execFile)('mount', ['-o', `remount,size=${sizeKb}k`, folder]);
}

/**
 * Runs a Node program on a new disk of this size. Its argument is the mount point, unless `toArgs` makes others of it;
 * its exit code does not matter.
 *
 * @returns what it printed, parsed as JSON
 */
export async function runOnSmallDisk<T>(
  program: string,
  sizeMb: number,
  {
    toArgs = (mountPoint) => [mountPoint],
    toEnv = () => ({}),
  }: {
    toArgs?: (mountPoint: string) => string[];
    toEnv?: (mountPoint: string) => Record<string, string>;
  } = {},
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'limelight-small-'));
  try {
    const command = onSmallDisk(folder, sizeMb, [process.execPath, program, ...toArgs(folder)]);
    const env = { ...process.env, ...toEnv(folder) };
    const { stdout } = await promisify(execFile)(...command, { env }).catch((error) => {
      if (!error.stdout) throw error;
      return error as { stdout: string };
    });
    return JSON.parse(stdout);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
