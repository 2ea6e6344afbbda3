import { readFileSync } from 'node:fs';

/**
 * Names one process for as long as the machine runs: its id and, where the system tells it (Linux), its start time in
 * clock ticks since boot, so that a later process with the same id is another one.
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
    // Somebody else's process cannot be signalled, which shows that it exists.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function readStartTime(pid: number): string {
  try {
    // The second field, the program's name, may hold spaces and parentheses; the start time is the 20th after it.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? UNKNOWN;
  } catch {
    return UNKNOWN;
  }
}
