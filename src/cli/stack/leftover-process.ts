import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const GONE_TIMEOUT_MS = 10_000;

/** Notes who runs, so that a later run can end it where nobody else did. */
export async function rememberProcess(pidFile: string, pid: number): Promise<void> {
  await writeFile(pidFile, String(pid));
}

/**
 * Ends the process that the file names, if it still runs and its command line holds `mark`: the number may belong to
 * another process by now. Its parent was killed before it could end it.
 */
export async function endLeftover(pidFile: string, mark: string): Promise<void> {
  const pid = Number(await readFile(pidFile, 'utf8').catch(() => Number.NaN));
  const deadline = Date.now() + GONE_TIMEOUT_MS;
  while (pid > 0 && (await commandOf(pid)).includes(mark) && Date.now() < deadline) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      return; // it went by itself
    }
    await sleep(50);
  }
}

/** Empty for a process that is gone, and where there is no `ps`. */
async function commandOf(pid: number): Promise<string> {
  try {
    return (await promisify(execFile)('ps', ['-o', 'args=', '-p', String(pid)])).stdout;
  } catch {
    return '';
  }
}
