import type { Eta } from '../../contracts/schemas/task-status.ts';
import type { TimelineSummary } from '../../contracts/schemas/timeline.ts';
import { STAGE_PERCENT, type Stage } from '../../contracts/stages.ts';

/** As they follow each other. */
const ORDER = Object.keys(STAGE_PERCENT) as Stage[];

/**
 * When a task that entered `stage` at `since` will be done, if each stage from here takes what it took the tasks of the
 * last day, waiting included. The sum of the stages' ninth deciles is later than nine of ten tasks are: it errs that way.
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
