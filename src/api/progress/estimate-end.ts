import type { Eta } from '../../contracts/schemas/task-status.ts';
import type { TimelineSummary } from '../../contracts/schemas/timeline.ts';
import { RUNNING_STAGES, type Stage } from '../../contracts/stages.ts';

const ORDER: readonly Stage[] = RUNNING_STAGES;

/**
 * When a task that entered `stage` at `since` will end, if each remaining stage takes as long as for the tasks of the last
 * day, waits included. The sum of the 90th percentiles of the stages is later than the end of nine tasks in ten.
 */
export function estimateEnd(
  { stages }: TimelineSummary,
  { stage, since, now }: { stage: Stage; since: Date; now: Date },
): Eta | undefined {
  const ahead = ORDER.slice(ORDER.indexOf(stage));
  const measured = stages.filter((one) => ahead.includes(one.stage));
  if (measured.length === 0) {
    return undefined;
  }
  const endAt = (percentile: 'p50' | 'p90') => {
    const leftMs = measured.map(({ stage: one, ms }) =>
      one === stage ? Math.max(0, ms[percentile] - (now.getTime() - since.getTime())) : ms[percentile],
    );
    return new Date(now.getTime() + leftMs.reduce((sum, ms) => sum + ms, 0)).toISOString();
  };
  return { p50: endAt('p50'), p90: endAt('p90') };
}
