import { Gauge } from 'prom-client';
import { QUEUES, type QueueName } from '../../contracts/queues.ts';
import { RETENTION_SCHEDULE } from '../../contracts/retention.ts';
import type { PipelineStatistics } from '../../ports/pipeline-statistics.ts';
import { atMostEvery } from './at-most-every.ts';
import type { EndedJobsLog } from './ended-jobs-log.ts';
import type { Metrics } from './metrics.ts';

/** Success is a rate of the present: an outage is seen within minutes, and gone when it is over. */
const DAY_MS = 86_400_000;
const SUCCESS_WINDOW_MS = 15 * 60_000;
/** Several scrapers, or several eyes on `/metrics`, cost one look at Temporal. */
const FRESH_FOR_MS = 2_000;

export interface PipelineMetricsDeps {
  statistics: PipelineStatistics;
  /** Keeps the counts of ended jobs, so that a restart goes on from them. */
  log: EndedJobsLog;
}

/**
 * The pipeline as a whole. Temporal is asked with each scrape, so the figures are right from the first one after a
 * restart, and the same from every API process: take their maximum, never their sum.
 */
export function addPipelineMetrics({ registry, beforeScrape }: Metrics, deps: PipelineMetricsDeps): void {
  const { statistics, log } = deps;
  const registers = [registry];
  registry.registerMetric(log.histogram.asMetric());
  const up = new Gauge({
    name: 'limelight_temporal_up',
    help: 'Whether Temporal answered (1) or not (0)',
    registers,
  });
  const active = new Gauge({
    name: 'active_pipelines_count',
    help: 'Jobs that run or wait',
    registers,
  });
  const stages = new Gauge({
    name: 'limelight_jobs_running',
    help: 'Jobs that run or wait, by the stage they are in',
    labelNames: ['stage'],
    registers,
  });
  const success = new Gauge({
    name: 'pipeline_success_rate',
    help: 'Of the jobs that ended in the last 15 minutes, the share that ended in a video, 0 to 1; jobs that were cancelled or whose input was refused do not count. No value where none ended',
    registers,
    // One without labels begins as 0, which would say that everything fails.
    labelNames: ['window'],
  });
  const ended = new Gauge({
    name: 'limelight_jobs_ended_recently',
    help: 'Jobs that ended in the last 15 minutes: completed, failed, refused (unusable input) or cancelled',
    labelNames: ['outcome'],
    registers,
  });
  const queueGauge = (name: string, help: string) =>
    new Gauge({ name, help, labelNames: ['queue'], registers });
  const waiting = queueGauge('limelight_queue_depth', 'Tasks that no worker has taken yet');
  const oldest = queueGauge(
    'limelight_queue_oldest_task_age_seconds',
    'How long the first of a queue has waited',
  );
  const pollers = queueGauge(
    'limelight_queue_pollers',
    'Workers that asked a queue for work in the last minutes',
  );

  const retained = new Gauge({
    name: 'limelight_retention_last_success_timestamp_seconds',
    help: 'When the retention last ran well',
    labelNames: ['schedule'],
    registers,
  });
  const retentionFailures = new Gauge({
    name: 'limelight_retention_failures',
    help: 'Runs of the retention that failed since the last one that did not, within a day',
    labelNames: ['schedule'],
    registers,
  });

  const readRetention = async () => {
    const { lastSuccess, failures } = await statistics.retention(new Date(Date.now() - DAY_MS));
    const labels = { schedule: RETENTION_SCHEDULE };
    if (lastSuccess) {
      retained.set(labels, lastSuccess.getTime() / 1000);
    }
    retentionFailures.set(labels, failures);
  };

  const readQueue = async (queue: QueueName) => {
    const now = await statistics.queue(queue);
    waiting.set({ queue: QUEUES[queue] }, now.waiting);
    oldest.set({ queue: QUEUES[queue] }, now.oldestMs / 1000);
    pollers.set({ queue: QUEUES[queue] }, now.pollers);
  };

  const readJobs = async () => {
    const [running, ends] = await Promise.all([
      statistics.countRunning(),
      statistics.countEnds(new Date(Date.now() - SUCCESS_WINDOW_MS)),
    ]);
    active.set(running);
    for (const [stage, jobs] of Object.entries(running > 0 ? await statistics.countRunningByStage() : {})) {
      stages.set({ stage }, jobs);
    }
    for (const [outcome, jobs] of Object.entries(ends)) {
      ended.set({ outcome }, jobs);
    }
    const counted = ends.completed + ends.failed;
    if (counted > 0) {
      success.set({ window: '15m' }, ends.completed / counted);
    }
  };

  const read = async () => {
    for (const gauge of [stages, success, ended, waiting, oldest, pollers]) {
      gauge.reset();
    }
    const queues = Object.keys(QUEUES) as QueueName[];
    const answers = await Promise.allSettled([
      readJobs(),
      log.catchUp(),
      readRetention(),
      ...queues.map(readQueue),
    ]);
    const isUp = answers.every(({ status }) => status === 'fulfilled');
    up.set(isUp ? 1 : 0);
    if (!isUp) {
      active.set(Number.NaN);
    }
  };

  beforeScrape(atMostEvery(FRESH_FOR_MS, read));
}
