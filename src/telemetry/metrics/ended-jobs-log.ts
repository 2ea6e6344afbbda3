import type { ObjectStore } from '../../ports/object-store.ts';
import type { PipelineStatistics } from '../../ports/pipeline-statistics.ts';
import type { Logger } from '../logger.ts';
import { DurationHistogram, type HistogramSnapshot } from './duration-histogram.ts';

/** Where the counts are kept: in no tier, so that no retention takes them. */
export const ENDED_JOBS_KEY = 'state/ended-jobs.json';
/** Temporal lists a job as ended moments after it did; what ended less long ago is counted next time. */
const SETTLING_MS = 3_000;
const KEEP_EVERY_MS = 30_000;
/** Around the mean of 90 s that an alert watches, from a short local talk to an hour of waiting for a provider. */
const BUCKETS_S = [1, 2.5, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1800, 3600];

interface Kept {
  /** ISO 8601: every job that ended until then is counted. */
  until: string;
  histogram: HistogramSnapshot;
}

export interface EndedJobsLog {
  histogram: DurationHistogram;
  /** Counts the jobs that ended since the last time. One call at a time. */
  catchUp(): Promise<void>;
}

export interface EndedJobsDeps {
  statistics: PipelineStatistics;
  store: ObjectStore;
  logger: Logger;
}

/**
 * Counts each ended job once, as Temporal lists them. The count and the time it reaches to are kept in the store
 * together, so that another process, or this one after a restart, goes on from there: no job is missed, none counted
 * twice. With nothing kept it begins with all that Temporal remembers.
 */
export function openEndedJobsLog({ statistics, store, logger }: EndedJobsDeps): EndedJobsLog {
  const histogram = new DurationHistogram({
    name: 'pipeline_execution_time_seconds',
    help: 'Time from submission to the end of a job, waits included',
    buckets: BUCKETS_S,
  });
  let until: Date | undefined;
  let keptAt = 0;
  let isNew = false;

  const restore = async () => {
    const json = await store.read(ENDED_JOBS_KEY).catch(() => undefined);
    try {
      const kept = json && (JSON.parse(json.toString('utf8')) as Kept);
      return kept && histogram.restore(kept.histogram) ? new Date(kept.until) : new Date(0);
    } catch (err) {
      logger.warn({ err }, 'The counts of ended jobs could not be read, and begin anew');
      return new Date(0);
    }
  };

  const keep = async (kept: Kept) => {
    keptAt = Date.now();
    isNew = false;
    await store
      .put(ENDED_JOBS_KEY, Buffer.from(JSON.stringify(kept)))
      .catch((err) => logger.debug({ err }, 'The counts of ended jobs could not be kept'));
  };

  return {
    histogram,
    async catchUp() {
      const from = until ?? (await restore());
      const to = new Date(Date.now() - SETTLING_MS);
      // All of them before any is counted: a list that breaks off is read again from its beginning.
      const jobs = await Array.fromAsync(statistics.endedJobs(from, to));
      for (const { end, provider, tookMs } of jobs) {
        histogram.observe({ outcome: end, provider }, tookMs / 1000);
      }
      until = to;
      isNew ||= jobs.length > 0;
      if (isNew && Date.now() - keptAt > KEEP_EVERY_MS) {
        await keep({ until: to.toISOString(), histogram: histogram.snapshot });
      }
    },
  };
}
