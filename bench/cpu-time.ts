import { readFileSync } from 'node:fs';

/** Of Linux's clock ticks, whatever the kernel's own are. */
const TICKS_PER_S = 100;

/** Seconds of CPU that a process has used since it began; NaN where the system has no `/proc`. */
export function cpuSecondsOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name before may hold blanks and brackets.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
  } catch {
    return Number.NaN;
  }
}
