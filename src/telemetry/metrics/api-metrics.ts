import type { ObjectStore } from '../../ports/object-store.ts';
import type { PipelineStatistics } from '../../ports/pipeline-statistics.ts';
import type { StorageUsage } from '../../storage/storage-usage.ts';
import type { Logger } from '../logger.ts';
import { openEndedJobsLog } from './ended-jobs-log.ts';
import { addHttpMetrics, type HttpMetrics } from './http-metrics.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { addPipelineMetrics } from './pipeline-metrics.ts';
import { addProviderMetrics, type WatchedProvider } from './provider-metrics.ts';
import { addStorageMetrics } from './storage-metrics.ts';

export interface ApiMetricsDeps {
  statistics: PipelineStatistics;
  store: ObjectStore;
  storageUsage: () => Promise<StorageUsage>;
  /** How many follow a task's progress now. */
  readers: () => number;
  /** Absent where only the built-in renderer makes videos. */
  provider?: WatchedProvider;
  logger: Logger;
}

/** What an API process exports: its own requests, and the whole that every API process sees alike. */
export function createApiMetrics(deps: ApiMetricsDeps): { metrics: Metrics; requests: HttpMetrics } {
  const metrics = createMetrics('api');
  addPipelineMetrics(metrics, { statistics: deps.statistics, log: openEndedJobsLog(deps) });
  addStorageMetrics(metrics, deps.storageUsage);
  if (deps.provider) {
    addProviderMetrics(metrics, deps.provider);
  }
  return { metrics, requests: addHttpMetrics(metrics, deps.readers) };
}
