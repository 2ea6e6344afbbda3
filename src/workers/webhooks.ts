import { type NativeConnection, Worker } from '@temporalio/worker';
import { withFailureBoundary } from '../activities/boundary.ts';
import { createWebhookActivities } from '../activities/webhooks.ts';
import { QUEUES } from '../contracts/queues.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { Outbound } from '../ports/outbound.ts';
import { createDisabledWebhooks } from '../storage/disabled-webhooks.ts';
import { createWebhookSecrets } from '../storage/webhook-secrets.ts';
import { WORKER_DEFAULTS } from './lifecycle.ts';

export interface WebhookWorkerDeps {
  connection: NativeConnection;
  namespace: string;
  store: ObjectStore;
  outbound: Outbound;
  publicUrl: string | undefined;
}

/** Waiting for a receiver costs only a socket. */
const MAX_PARALLEL_DELIVERIES = 100;

/** The worker that sends webhooks. */
export function createWebhookWorker({
  connection,
  namespace,
  store,
  outbound,
  publicUrl,
}: WebhookWorkerDeps): Promise<Worker> {
  return Worker.create({
    ...WORKER_DEFAULTS,
    connection,
    namespace,
    taskQueue: QUEUES.webhooks,
    activities: withFailureBoundary(
      createWebhookActivities({
        outbound,
        secrets: createWebhookSecrets({ store }),
        disabled: createDisabledWebhooks({ store }),
        publicUrl,
      }),
    ),
    maxConcurrentActivityTaskExecutions: MAX_PARALLEL_DELIVERIES,
  });
}
