import { isProviderQueue } from '../../contracts/queues.ts';
import type {
  Percentiles,
  Timeline,
  TimelineStep,
  TimelineSummary,
} from '../../contracts/schemas/timeline.ts';
import { TIME_KINDS } from '../../contracts/timeline.ts';
import { toTable } from './table.ts';

const seconds = (ms: number) => (ms === 0 ? '-' : `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`);

const COLUMNS = [
  { title: 'stage, step' },
  { title: 'total', align: 'right' as const },
  ...TIME_KINDS.map((title) => ({ title, align: 'right' as const })),
  { title: '' },
];

/** A line for each stage, each followed by its steps. */
export function timelineLines({ stages, split_ms, total_ms, ended_at, source }: Timeline): string[] {
  const rows = stages.flatMap(({ stage, ms, split_ms, steps }) => [
    [stage, seconds(ms), ...TIME_KINDS.map((kind) => (source === 'events' ? '?' : seconds(split_ms[kind])))],
    ...steps.map(toStepRow),
  ]);
  const sum = [
    ended_at ? 'all' : 'so far',
    seconds(total_ms),
    ...TIME_KINDS.map((kind) => (split_ms ? seconds(split_ms[kind]) : '?')),
  ];
  return toTable(COLUMNS, [...rows, sum]);
}

function toStepRow(step: TimelineStep): string[] {
  const isProvider = isProviderQueue(step.queue);
  const remarks = [
    ...(step.attempts > 1 ? [`attempt ${step.attempts}`] : []),
    ...(step.outcome === 'completed' ? [] : [step.outcome]),
    ...(step.error ? [step.error.code ?? step.error.message] : []),
  ];
  return [
    `  ${step.name} (${step.queue})`,
    seconds(step.retry_ms + step.queue_ms + step.run_ms),
    seconds(isProvider ? 0 : step.run_ms),
    seconds(isProvider ? step.run_ms : 0),
    seconds(step.retry_ms),
    seconds(step.queue_ms),
    '-',
    remarks.join(', '),
  ];
}

export function summaryLines({ jobs, since, total_ms, split_ms, stages }: TimelineSummary): string[] {
  if (jobs === 0) {
    return [`No task has ended since ${since}.`];
  }
  const toRow = (name: string, of: Percentiles) => [name, seconds(of.p50), seconds(of.p90), seconds(of.p99)];
  const columns = [
    { title: `${jobs} tasks of the last day` },
    ...['p50', 'p90', 'p99'].map((title) => ({ title, align: 'right' as const })),
  ];
  return toTable(columns, [
    toRow('from submission to end', total_ms),
    ...TIME_KINDS.map((kind) => toRow(`  ${kind}`, split_ms[kind])),
    ...stages.flatMap(({ stage, ms, split_ms }) => [
      toRow(stage, ms),
      ...TIME_KINDS.filter((kind) => split_ms[kind].p99 > 0).map((kind) =>
        toRow(`  ${kind}`, split_ms[kind]),
      ),
    ]),
  ]);
}
