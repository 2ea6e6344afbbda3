import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const mount = (sizeMb: number) => `mount -t tmpfs -o size=${sizeMb}m limelight "$1"`;

/** Whether this system lets a user mount a small disk of its own. */
export const maySmallDisk: boolean = await inNamespace(mount(1), tmpdir()).then(
  () => true,
  () => false,
);

/**
 * Runs a program on a new disk of that size, whose mount point it gets as its argument.
 *
 * @returns what it printed, which is to be JSON
 */
export async function runOnSmallDisk<T>(program: string, sizeMb: number): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'limelight-small-'));
  try {
    const script = `${mount(sizeMb)} && exec "$2" "$3" "$1"`;
    return JSON.parse(await inNamespace(script, folder, process.execPath, program));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** In a namespace of its own, so that nobody else sees the disk and it goes with the program. */
async function inNamespace(script: string, ...args: string[]): Promise<string> {
  return (await run('unshare', ['-rm', 'sh', '-c', script, '-', ...args])).stdout;
}
