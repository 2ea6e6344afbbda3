import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
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
    const script = `${mount(sizeMb)} && shift && exec "$@"`;
    const args = inNamespace(script, folder, process.execPath, program, ...toArgs(folder));
    const env = { ...process.env, ...toEnv(folder) };
    const { stdout } = await promisify(execFile)('unshare', args, { env }).catch((error) => {
      if (!error.stdout) throw error;
      return error as { stdout: string };
    });
    return JSON.parse(stdout);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
