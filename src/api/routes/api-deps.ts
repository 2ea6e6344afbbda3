import type { JobClient, TimelineClient } from '../../ports/job-client.ts';
import type { ModelClient } from '../../ports/models.ts';
import type { ObjectStore } from '../../ports/object-store.ts';
import type { Outbound } from '../../ports/outbound.ts';
import type { PipelineStatistics, RetentionRuns } from '../../ports/pipeline-statistics.ts';
import type { PreviewClient } from '../../ports/previews.ts';
import type { StorageUsage } from '../../ports/storage-usage.ts';
import type { TaskNames } from '../../ports/task-names.ts';
import type { TaskRecords } from '../../ports/task-records.ts';
import type { DeliveryClient, WebhookSecrets } from '../../ports/webhooks.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { HttpMetrics } from '../../telemetry/metrics/http-metrics.ts';
import type { Metrics } from '../../telemetry/metrics/metrics.ts';
import type { Access } from '../access/access.ts';
import type { PageFile } from '../http/page-files.ts';
import type { ProgressHub } from '../progress/progress-hub.ts';
import type { Admission } from '../submit/admission.ts';
import type { OfferedProvider } from '../submit/choose-provider.ts';
import type { JobDefaults } from '../submit/job-form.ts';
import type { ApiLimits } from '../submit/limits.ts';

export interface WebUi {
  url: string;
  namespace: string;
}

/** Everything that the API needs. */
export interface ApiDeps {
  store: ObjectStore;
  records: TaskRecords;
  names: TaskNames;
  jobs: JobClient;
  models: ModelClient;
  previews: PreviewClient;
  /** Every provider of the registry, in its order. */
  providers: readonly OfferedProvider[];
  statistics: Pick<PipelineStatistics, 'queue' | 'stuckWorkflows'>;
  timelines: TimelineClient;
  retentionRuns: RetentionRuns;
  hub: ProgressHub;
  /** Served at `/metrics`. */
  metrics: Metrics;
  /** Counts each request. */
  requests: HttpMetrics;
  access: Access;
  admission: Admission;
  /** Rejects with STORAGE_UNAVAILABLE if the store does not respond. */
  assertStorage: () => Promise<void>;
  storageUsage: () => Promise<StorageUsage>;
  /** Requests to URLs that clients name. */
  outbound: Outbound;
  deliveries: DeliveryClient;
  webhookSecrets: WebhookSecrets;
  limits: ApiLimits;
  defaults: JobDefaults;
  /** The built page by path. Default: no page. */
  page?: ReadonlyMap<string, PageFile>;
  /** The address of this server for others, without a slash at its end. Default: that of each request. */
  publicUrl?: string;
  /** Temporal's Web UI, if its address is known. */
  webUi?: WebUi;
  logger: Logger;
}
