import { Counter, Histogram } from 'prom-client';
import type { TaskMetadata } from '../../contracts/schemas/task-metadata.ts';
import type { Metrics } from './metrics.ts';

/** They range from a stage that only reads a header to an hour of waiting for a provider. */
const STAGE_BUCKETS_S = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600];

/**
 * Metrics from the records of ended jobs. The worker that writes a record counts it, so the total is the sum over all io
 * workers. Counters start at zero after a restart.
 * @returns a function to call with the last record of each job.
 */
export function addEndedJobMetrics({ registry }: Metrics): (metadata: TaskMetadata) => void {
  const registers = [registry];
  const stages = new Histogram({
    name: 'limelight_stage_duration_seconds',
    help: 'Time that ended tasks spent in each stage, waits included',
    labelNames: ['stage'],
    buckets: STAGE_BUCKETS_S,
    registers,
  });
  const failures = new Counter({
    name: 'limelight_job_failures_total',
    help: 'Tasks that did not end in a video, by error code and by the stage they had reached',
    labelNames: ['code', 'stage'],
    registers,
  });
  const credits = new Counter({
    name: 'limelight_provider_credits_spent_total',
    help: 'Credits paid for talks, whether or not their task succeeded',
    labelNames: ['provider'],
    registers,
  });
  const creditsToReturn = new Counter({
    name: 'limelight_provider_credits_to_return_total',
    help: 'Part of the credits spent that the provider promises to return, because their talks failed',
    labelNames: ['provider'],
    registers,
  });
  const talkSeconds = new Counter({
    name: 'limelight_provider_talk_seconds_total',
    help: 'Seconds of voice paid for',
    labelNames: ['provider'],
    registers,
  });
  const degraded = new Counter({
    name: 'limelight_jobs_degraded_total',
    help: 'Tasks that the built-in renderer finished in place of their provider',
    registers,
  });
  const cacheHits = new Counter({
    name: 'limelight_cache_hits_total',
    help: 'Stages answered from the cache',
    labelNames: ['stage'],
    registers,
  });
  const fallbacks = new Counter({
    name: 'limelight_fallbacks_total',
    help: 'Moves to another way to compute, after a device failed or its memory was short',
    labelNames: ['stage'],
    registers,
  });

  return ({ events, usage = [], outcome }) => {
    for (const [index, { data, timestamp }] of events.entries()) {
      const next = events[index + 1];
      if (next) {
        stages.observe({ stage: data.stage }, (Date.parse(next.timestamp) - Date.parse(timestamp)) / 1000);
      }
    }
    for (const { provider, ...used } of usage) {
      credits.inc({ provider }, used.credits);
      creditsToReturn.inc({ provider }, used.refund_expected ? used.credits : 0);
      talkSeconds.inc({ provider }, used.seconds);
    }
    if (outcome?.success === false) {
      failures.inc({ code: outcome.error.code, stage: outcome.error.stage });
    } else if (outcome) {
      const { provider, cached, person_detection, background_removal } = outcome.metadata;
      degraded.inc(provider.degraded ? 1 : 0);
      for (const stage of cached) {
        cacheHits.inc({ stage });
      }
      fallbacks.inc({ stage: 'DETECTION_RUNNING' }, person_detection.fallbacks?.length ?? 0);
      fallbacks.inc({ stage: 'BACKGROUND_REMOVAL_RUNNING' }, background_removal.fallbacks?.length ?? 0);
    }
  };
}
