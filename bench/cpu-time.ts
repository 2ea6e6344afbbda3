import { readFileSync } from 'node:fs';

/** Clock ticks as Linux reports them to programs. */
const TICKS_PER_S = 100;

/** CPU seconds that a process has used since its start; NaN if the system has no `/proc`. */
export function cpuSecondsOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The process name before it may contain spaces and brackets.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
  } catch {
    return Number.NaN;
  }
}
