import { Gauge, Histogram } from 'prom-client';
import { RETENTION_SCHEDULE } from '../../contracts/retention.ts';
import type { PipelineStatistics } from '../../ports/pipeline-statistics.ts';
import { atMostEvery } from '../at-most-every.ts';
import type { Metrics } from './metrics.ts';

const DAY_MS = 86_400_000;
/** Short, so that an outage shows within minutes and its end does too. */
const SUCCESS_WINDOW_MS = 15 * 60_000;
/** Several scrapers share one round of queries. */
const FRESH_FOR_MS = 2_000;
/** Temporal lists a job as ended a moment after its end. Jobs that ended less than this ago are counted next time. */
const LISTING_DELAY_MS = 3_000;
/** They range from a short local talk to an hour of waiting for a provider. An alert watches the mean, at 90 s. */
const JOB_BUCKETS_S = [1, 2.5, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1800, 3600];

/**
 * The pipeline as a whole. Each scrape queries Temporal, so the gauges are right from the first scrape after a restart
 * and the same in every API process: take their maximum, never their sum. The histogram counts the jobs that end while
 * the process runs.
 */
export function addPipelineMetrics(
  { registry, beforeScrape }: Metrics,
  statistics: PipelineStatistics,
  queues: readonly string[],
): void {
  const metric = createPipelineMetrics(registry);
  let countedUntil = new Date(Date.now() - LISTING_DELAY_MS);
  const countEnded = async () => {
    const until = new Date(Date.now() - LISTING_DELAY_MS);
    // Read the whole list before counting: after a failure it is read again from the start.
    const jobs = await Array.fromAsync(statistics.endedJobs(countedUntil, until));
    for (const { end, provider, tookMs } of jobs) {
      metric.durations.observe({ outcome: end, provider }, tookMs / 1000);
    }
    countedUntil = until;
  };

  const readRetention = async () => {
    const { lastSuccess, failures } = await statistics.retention(new Date(Date.now() - DAY_MS));
    const labels = { schedule: RETENTION_SCHEDULE };
    if (lastSuccess) {
      metric.retained.set(labels, lastSuccess.getTime() / 1000);
    }
    metric.retentionFailures.set(labels, failures);
  };

  const readQueue = async (queue: string) => {
    const now = await statistics.queue(queue);
    metric.waiting.set({ queue }, now.waiting);
    metric.oldest.set({ queue }, now.oldestMs / 1000);
    metric.pollers.set({ queue }, now.pollers);
  };

  const readJobs = async () => {
    const [running, ends] = await Promise.all([
      statistics.countRunning(),
      statistics.countEnds(new Date(Date.now() - SUCCESS_WINDOW_MS)),
    ]);
    metric.active.set(running);
    for (const [stage, jobs] of Object.entries(running > 0 ? await statistics.countRunningByStage() : {})) {
      metric.stages.set({ stage }, jobs);
    }
    for (const [outcome, jobs] of Object.entries(ends)) {
      metric.ended.set({ outcome }, jobs);
    }
    const counted = ends.completed + ends.failed;
    if (counted > 0) {
      metric.success.set({ window: '15m' }, ends.completed / counted);
    }
  };

  const readStuck = async () => {
    for (const { workflowId, type, taskId = '', cause } of await statistics.stuckWorkflows()) {
      metric.stuck.set({ type, workflow_id: workflowId, task_id: taskId, cause }, 1);
    }
  };

  const read = async () => {
    const { stages, success, ended, waiting, oldest, pollers, stuck } = metric;
    for (const gauge of [stages, success, ended, waiting, oldest, pollers, stuck]) {
      gauge.reset();
    }
    const answers = await Promise.allSettled([
      readJobs(),
      countEnded(),
      readRetention(),
      readStuck(),
      ...queues.map(readQueue),
    ]);
    const isUp = answers.every(({ status }) => status === 'fulfilled');
    metric.up.set(isUp ? 1 : 0);
    if (!isUp) {
      metric.active.set(Number.NaN);
    }
  };

  beforeScrape(atMostEvery(FRESH_FOR_MS, read));
}

function createPipelineMetrics(registry: Metrics['registry']) {
  const registers = [registry];
  const durations = new Histogram({
    name: 'pipeline_execution_time_seconds',
    help: 'Time from submission to the end of a job, waits included',
    labelNames: ['outcome', 'provider'],
    buckets: JOB_BUCKETS_S,
    registers,
  });
  const up = new Gauge({
    name: 'limelight_temporal_up',
    help: 'Whether Temporal answered (1) or not (0)',
    registers,
  });
  const active = new Gauge({
    name: 'active_pipelines_count',
    help: 'Tasks that are running or waiting',
    registers,
  });
  const stages = new Gauge({
    name: 'limelight_jobs_running',
    help: 'Tasks that are running or waiting, by stage',
    labelNames: ['stage'],
    registers,
  });
  const success = new Gauge({
    name: 'pipeline_success_rate',
    help: 'Share of the tasks of the last 15 minutes that ended in a video, 0 to 1; cancelled tasks and refused input do not count. No value if no task ended',
    registers,
    // Without labels it would start as 0, as if every job failed.
    labelNames: ['window'],
  });
  const ended = new Gauge({
    name: 'limelight_jobs_ended_recently',
    help: 'Tasks that ended in the last 15 minutes: completed, failed, refused (unusable input) or cancelled',
    labelNames: ['outcome'],
    registers,
  });
  const queueGauge = (name: string, help: string) =>
    new Gauge({ name, help, labelNames: ['queue'], registers });
  const waiting = queueGauge('limelight_queue_depth', 'Tasks that no worker has picked up yet');
  const oldest = queueGauge(
    'limelight_queue_oldest_task_age_seconds',
    'How long the first task in the queue has waited',
  );
  const pollers = queueGauge('limelight_queue_pollers', 'Workers that polled the queue in the last minutes');

  const stuck = new Gauge({
    name: 'limelight_workflow_stuck',
    help: 'A workflow that stands still, because its code fails each time it runs. No value if there is none; at most 20 are listed',
    labelNames: ['type', 'workflow_id', 'task_id', 'cause'],
    registers,
  });
  const retained = new Gauge({
    name: 'limelight_retention_last_success_timestamp_seconds',
    help: 'When retention last succeeded',
    labelNames: ['schedule'],
    registers,
  });
  const retentionFailures = new Gauge({
    name: 'limelight_retention_failures',
    help: 'Failed retention runs since the last success, at most of the last day',
    labelNames: ['schedule'],
    registers,
  });
  return {
    durations,
    up,
    active,
    stages,
    success,
    ended,
    waiting,
    oldest,
    pollers,
    stuck,
    retained,
    retentionFailures,
  };
}
