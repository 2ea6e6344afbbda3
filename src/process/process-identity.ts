import { readFileSync } from 'node:fs';

/**
 * Identifies one process until the machine restarts: its id and, on Linux, its start time in clock ticks since boot, so that
 * a later process with the same id is a different one.
 */
export interface ProcessIdentity {
  pid: number;
  startedAt: string;
}

const UNKNOWN = 'unknown';

export function identifyProcess(pid: number): ProcessIdentity | undefined {
  return isAlive(pid) ? { pid, startedAt: readStartTime(pid) } : undefined;
}

export function isRunning({ pid, startedAt }: ProcessIdentity): boolean {
  return identifyProcess(pid)?.startedAt === startedAt;
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // A process of another user cannot be signalled, but it exists.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function readStartTime(pid: number): string {
  try {
    // The second field, the program's name, may contain spaces and parentheses. The start time is the 20th field after it.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? UNKNOWN;
  } catch {
    return UNKNOWN;
  }
}
