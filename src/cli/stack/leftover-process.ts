import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const EXIT_TIMEOUT_MS = 10_000;

/** Records the process, so that a later run can end it if its parent was killed. */
export async function rememberProcess(pidFile: string, pid: number): Promise<void> {
  await writeFile(pidFile, String(pid));
}

/**
 * Ends the recorded process if it still runs. Its command line must contain `mark`, because the id may belong to another
 * process by now.
 */
export async function endLeftover(pidFile: string, mark: string): Promise<void> {
  const pid = Number(await readFile(pidFile, 'utf8').catch(() => Number.NaN));
  const deadline = Date.now() + EXIT_TIMEOUT_MS;
  while (pid > 0 && (await commandOf(pid)).includes(mark) && Date.now() < deadline) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      return; // it ended by itself
    }
    await sleep(50);
  }
}

/** Empty if the process has ended or there is no `ps`. */
async function commandOf(pid: number): Promise<string> {
  try {
    return (await promisify(execFile)('ps', ['-o', 'args=', '-p', String(pid)])).stdout;
  } catch {
    return '';
  }
}
