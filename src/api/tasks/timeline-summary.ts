import type { TaskMetadata } from '../../contracts/schemas/task-metadata.ts';
import type { Percentiles, Timeline, TimelineSummary, TimeSplit } from '../../contracts/schemas/timeline.ts';
import { RUNNING_STAGES } from '../../contracts/stages.ts';
import { taskIdOfRecord } from '../../contracts/task-keys.ts';
import { TIME_KINDS, type TimeKind } from '../../contracts/timeline.ts';
import { ignoreFailure } from '../../errors.ts';
import type { ObjectStore } from '../../ports/object-store.ts';
import type { TaskRecords } from '../../ports/task-records.ts';
import { type ExpectedTimes, toExpectedTimes } from '../progress/expected-times.ts';
import { toRecordedTimeline } from './read-timeline.ts';

/** Enough for good percentiles. A busy day has more jobs than can be read while a client waits. */
const MAX_JOBS = 2_000;
const FRESH_FOR_MS = 60_000;

export interface SummaryDeps {
  store: ObjectStore;
  records: TaskRecords;
}

const DAY_MS = 86_400_000;

export interface RecentTimelines {
  /** Percentiles of the jobs that ended in the last day, or of the newest ones if there are very many. */
  read(): Promise<TimelineSummary>;
  /** What such jobs take, as far as it is known without waiting. Starts a refresh for the next caller. */
  peek(): ExpectedTimes | undefined;
}

export function createRecentTimelines(deps: SummaryDeps): RecentTimelines {
  let latest: { at: number; answer: Promise<TimelineSummary> } | undefined;
  let known: ExpectedTimes | undefined;
  const read = () => {
    if (!latest || Date.now() - latest.at > FRESH_FOR_MS) {
      const since = new Date(Date.now() - DAY_MS);
      const jobs = readJobs(deps, since);
      const answer = jobs.then((found) =>
        summarize(
          found.map(({ timeline }) => timeline),
          since,
        ),
      );
      latest = { at: Date.now(), answer };
      jobs.then(
        (found) => {
          known = toExpectedTimes(found);
        },
        () => {
          latest = undefined;
        },
      );
    }
    return latest.answer;
  };
  return {
    read,
    peek() {
      void ignoreFailure(read(), 'the next caller tries again');
      return known;
    },
  };
}

async function readJobs(
  { store, records }: SummaryDeps,
  since: Date,
): Promise<Array<{ record: TaskMetadata; timeline: Timeline }>> {
  const found: Array<{ taskId: string; at: number }> = [];
  for await (const { key, modifiedAt } of store.list('videos/')) {
    const taskId = taskIdOfRecord(key);
    if (taskId && modifiedAt >= since) {
      found.push({ taskId, at: modifiedAt.getTime() });
    }
  }
  found.sort((a, b) => b.at - a.at);
  const jobs: Array<{ record: TaskMetadata; timeline: Timeline }> = [];
  for (const { taskId } of found.slice(0, MAX_JOBS)) {
    const record = await ignoreFailure(records.read(taskId), 'the percentiles can do without one job');
    if (record?.outcome) {
      jobs.push({ record, timeline: toRecordedTimeline(record) });
    }
  }
  return jobs;
}

export function summarize(timelines: Timeline[], since: Date): TimelineSummary {
  const known = timelines.filter(({ split_ms }) => split_ms);
  const stages = known.flatMap(({ stages }) => stages);
  return {
    since: since.toISOString(),
    jobs: timelines.length,
    total_ms: toPercentiles(timelines.map(({ total_ms }) => total_ms)),
    split_ms: toSplitPercentiles(known.map(({ split_ms }) => split_ms!)),
    stages: RUNNING_STAGES.flatMap((stage) => {
      const samples = stages.filter((one) => one.stage === stage);
      return samples.length === 0
        ? []
        : [
            {
              stage,
              jobs: samples.length,
              ms: toPercentiles(samples.map(({ ms }) => ms)),
              split_ms: toSplitPercentiles(samples.map(({ split_ms }) => split_ms)),
            },
          ];
    }),
  };
}

function toSplitPercentiles(splits: TimeSplit[]): Record<TimeKind, Percentiles> {
  return Object.fromEntries(
    TIME_KINDS.map((kind) => [kind, toPercentiles(splits.map((split) => split[kind]))]),
  ) as Record<TimeKind, Percentiles>;
}

function toPercentiles(values: number[]): Percentiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (fraction: number) => sorted[Math.max(0, Math.ceil(sorted.length * fraction) - 1)] ?? 0;
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99) };
}
