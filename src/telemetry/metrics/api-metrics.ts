import type { PipelineStatistics } from '../../ports/pipeline-statistics.ts';
import type { StorageUsage } from '../../ports/storage-usage.ts';
import { addHttpMetrics, type HttpMetrics } from './http-metrics.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { addPipelineMetrics } from './pipeline-metrics.ts';
import { addProviderMetrics, type WatchedProvider } from './provider-metrics.ts';
import { addStorageMetrics } from './storage-metrics.ts';

export interface ApiMetricsDeps {
  statistics: PipelineStatistics;
  storageUsage: () => Promise<StorageUsage>;
  /** How many readers follow the progress of a task now. */
  readers: () => number;
  /** Absent if only the built-in renderer makes videos. */
  provider?: WatchedProvider;
}

/** What an API process exports: its own requests, and the state of the whole pipeline, which every API process sees alike. */
export function createApiMetrics(deps: ApiMetricsDeps): { metrics: Metrics; requests: HttpMetrics } {
  const metrics = createMetrics('api');
  addPipelineMetrics(metrics, deps.statistics);
  addStorageMetrics(metrics, deps.storageUsage);
  if (deps.provider) {
    addProviderMetrics(metrics, deps.provider);
  }
  return { metrics, requests: addHttpMetrics(metrics, deps.readers) };
}
