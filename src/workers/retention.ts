import type { Client } from '@temporalio/client';
import type { RetentionDeps } from '../activities/retention.ts';
import type { Config } from '../config/config.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { TaskRecords } from '../ports/task-records.ts';
import { retain } from '../storage/retention/retention.ts';
import { readDisk } from '../storage/storage-usage.ts';
import { watchDisk } from '../storage/watch-disk.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics/metrics.ts';
import { addRetentionMetrics } from '../telemetry/metrics/retention-metrics.ts';
import { createRetentionSchedule } from '../temporal/retention-schedule.ts';
import { createTemporalJobs, isTaskRunning } from '../temporal/temporal-jobs.ts';

interface RetentionParts {
  client: Client;
  storage: Config['storage'];
  store: ObjectStore;
  records: TaskRecords;
  logger: Logger;
  resources: AsyncDisposableStack;
  metrics: Metrics;
}

/**
 * The dependencies of the retention activities, and the schedule, which the first io worker creates. Retention also runs
 * when the disk of this machine is nearly full.
 */
export async function createRetention(parts: RetentionParts): Promise<RetentionDeps> {
  const { client, storage, store, records, logger, resources, metrics } = parts;
  const countRun = addRetentionMetrics(metrics);
  const { root, disk, retention: rules } = storage;
  const jobs = createTemporalJobs({ client });
  const schedule = createRetentionSchedule({ client });
  await schedule
    .ensure()
    // The worker is useful without it, and the next one that starts tries again.
    .catch((err) => logger.error({ err }, 'The retention schedule could not be created'));
  resources.use(
    watchDisk({ root, minFreeBytes: disk.minFreeBytes, logger, onLow: () => schedule.trigger() }),
  );
  return {
    retain: async (options) =>
      retain({
        ...options,
        store,
        records,
        rules,
        bytesToFree: Math.max(0, disk.minFreeBytes - (await readDisk(root)).freeBytes),
        isRunning: (taskId) => isTaskRunning(jobs, taskId),
      }),
    onReport(report) {
      countRun(report);
      logger[report.errors.count > 0 ? 'warn' : 'info']({ report }, 'Retention has run');
    },
  };
}
