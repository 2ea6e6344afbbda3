import { QUEUES } from '../../contracts/queues.ts';
import type { PipelineStatistics } from '../../ports/pipeline-statistics.ts';
import { addHttpMetrics, type HttpMetrics } from './http-metrics.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { addPipelineMetrics } from './pipeline-metrics.ts';
import { addProviderMetrics, type WatchedProvider } from './provider-metrics.ts';
import { addStorageMetrics, type StorageMetricsDeps } from './storage-metrics.ts';

export interface ApiMetricsDeps extends StorageMetricsDeps {
  statistics: PipelineStatistics;
  /** How many readers follow the progress of a task now. */
  readers: () => number;
  /** The remote providers that are set up. */
  providers: readonly WatchedProvider[];
}

/** The metrics of an API process: its own requests, and the state of the whole pipeline, the same from every API process. */
export function createApiMetrics(deps: ApiMetricsDeps): { metrics: Metrics; requests: HttpMetrics } {
  const metrics = createMetrics('api');
  const providerQueues = deps.providers.map(({ name }) => name);
  addPipelineMetrics(metrics, deps.statistics, [...Object.values(QUEUES), ...providerQueues]);
  addStorageMetrics(metrics, deps);
  addProviderMetrics(metrics, deps.providers);
  return { metrics, requests: addHttpMetrics(metrics, deps.readers) };
}
