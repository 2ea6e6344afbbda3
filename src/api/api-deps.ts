import type { ObjectStore } from '../storage/object-store.ts';
import type { TaskRecords } from '../storage/task-records.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { JobClient } from './job-client.ts';
import type { JobDefaults } from './job-form.ts';
import type { ApiLimits } from './limits.ts';
import type { ModelClient } from './model-client.ts';
import type { ProgressHub } from './progress-hub.ts';

/** Everything that the API stands on; whoever composes it gives all of it. */
export interface ApiDeps {
  store: ObjectStore;
  records: TaskRecords;
  jobs: JobClient;
  models: ModelClient;
  hub: ProgressHub;
  limits: ApiLimits;
  defaults: JobDefaults;
  logger: Logger;
}
