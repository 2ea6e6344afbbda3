import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { PipelineError } from '../../errors.ts';
import { identifyProcess, isRunning, type ProcessIdentity } from '../../process/process-identity.ts';

const EXIT_TIMEOUT_MS = 10_000;
/** Lets the process of an earlier run finish draining. */
const DRAIN_TIMEOUT_MS = 5_000;
const POLL_INTERVAL_MS = 50;

interface Recorded {
  pid: number;
  /** The process that started it. */
  parent: ProcessIdentity;
}

/** Records a child of this process, so that a later run can end it if this process was killed. */
export async function rememberProcess(pidFile: string, pid: number): Promise<void> {
  const recorded: Recorded = { pid, parent: identifyProcess(process.pid)! };
  await writeFile(pidFile, JSON.stringify(recorded));
}

/**
 * Ends the recorded process if it has outlived its parent. Its command line must contain `mark`, because the id may belong
 * to another process by now.
 * @throws PipelineError CONFIG_INVALID if the parent runs: it uses the folder of the file.
 */
export async function endLeftover(pidFile: string, mark: string): Promise<void> {
  const recorded = parse(await readFile(pidFile, 'utf8').catch(() => ''));
  if (!recorded) {
    return;
  }
  await untilEnded(recorded.parent, dirname(pidFile));
  const deadline = Date.now() + EXIT_TIMEOUT_MS;
  while ((await commandOf(recorded.pid)).includes(mark) && Date.now() < deadline) {
    try {
      process.kill(recorded.pid, 'SIGKILL');
    } catch {
      return; // it ended by itself
    }
    await sleep(POLL_INTERVAL_MS);
  }
}

async function untilEnded(parent: ProcessIdentity, folder: string): Promise<void> {
  const deadline = Date.now() + DRAIN_TIMEOUT_MS;
  while (isRunning(parent)) {
    if (Date.now() > deadline) {
      throw new PipelineError(
        'CONFIG_INVALID',
        `Another Limelight (process ${parent.pid}) uses the folder ${folder}. Stop that one, or set STORAGE_ROOT to another folder.`,
      );
    }
    await sleep(POLL_INTERVAL_MS);
  }
}

/** @returns undefined for a file that is missing, or whose writer was killed. */
function parse(text: string): Recorded | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
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
