import { Client } from '@temporalio/client';
import { type NativeConnection, Worker, type WorkflowBundle } from '@temporalio/worker';
import { withFailureBoundary } from '../activities/boundary.ts';
import { createCompositionActivities } from '../activities/composition.ts';
import { type CacheDeps, createCacheActivities } from '../activities/content-cache.ts';
import { createEraseActivities, type EraseDeps } from '../activities/erase.ts';
import { assertAttemptIsCurrent } from '../activities/keep-alive.ts';
import { createMediaActivities, type MediaDeps } from '../activities/media.ts';
import { createPreviewActivities } from '../activities/preview.ts';
import { createGateActivities } from '../activities/provider-gate.ts';
import { createRecordActivities, type RecordDeps } from '../activities/records.ts';
import { createRenderActivities } from '../activities/render.ts';
import { createRetentionActivities, type RetentionDeps } from '../activities/retention.ts';
import { createVideoActivities } from '../activities/video.ts';
import type { Config } from '../config/config.ts';
import { QUEUES } from '../contracts/queues.ts';
import { createDecoderPool } from '../media/decode/decoder-pool.ts';
import { toNetworks } from '../outbound/networks.ts';
import { createOutbound } from '../outbound/outbound.ts';
import type { ProviderDescriptor, RendererPool } from '../ports/provider.ts';
import type { VideoProvider } from '../ports/video-provider.ts';
import { PROVIDERS } from '../providers/registry.ts';
import { assertAvailable } from '../storage/assert-available.ts';
import { createContentCache } from '../storage/content-cache.ts';
import { openStore } from '../storage/open-store.ts';
import { createTaskRecords } from '../storage/task-records.ts';
import type { Logger } from '../telemetry/logger.ts';
import { addEndedJobMetrics } from '../telemetry/metrics/ended-job-metrics.ts';
import type { Metrics } from '../telemetry/metrics/metrics.ts';
import { addSlotMetrics } from '../telemetry/metrics/slot-metrics.ts';
import { tracePool } from '../telemetry/trace-pool.ts';
import { startTracing } from '../telemetry/tracing.ts';
import { connectWorker } from '../temporal/connection.ts';
import { createTaskExecutions } from '../temporal/task-executions.ts';
import { createTemporalTimeline } from '../temporal/temporal-timeline.ts';
import { loadWorkflowBundle } from '../temporal/workflow-bundle.ts';
import { createWorkflowSignals } from '../temporal/workflow-signals.ts';
import { workflowSlots } from '../temporal/workflow-slots.ts';
import { findProducerVersions } from './find-producer-versions.ts';
import { type RunningWorker, toRunningWorker, WORKER_DEFAULTS } from './lifecycle.ts';
import { createRemoteProviderWorkers } from './remote-provider-worker.ts';
import { createRetention } from './retention.ts';
import { createWebhookWorker } from './webhooks.ts';

/** Starts the io worker's slots and connects; `run` polls until stopped. */
export async function createIoWorker(
  config: Config,
  logger: Logger,
  metrics: Metrics,
  providers: readonly ProviderDescriptor[] = PROVIDERS,
): Promise<RunningWorker> {
  await using resources = new AsyncDisposableStack();
  const tracing = resources.use(startTracing('io', config.tracing));
  const countEnd = addEndedJobMetrics(metrics);
  // First of all, because the slots work in its scratch area.
  const store = resources.use(openStore(config.storage, { guard: assertAttemptIsCurrent }));
  const decoder = resources.use(createDecoderPool(config, logger));
  const renderers = await openRenderers(providers, config, logger, resources);
  const records = createTaskRecords({ store, logger });
  const [workflowBundle, connection] = await Promise.all([
    loadWorkflowBundle({ encryptsFailures: config.temporal.payloadKeys.length > 0 }),
    connectWorker(config.temporal),
  ]);
  resources.defer(() => connection.close());
  const { namespace } = config.temporal;
  const client = new Client({ connection, namespace });
  await Promise.all([decoder.ready(), ...renderers.map(({ pool }) => pool.ready())]);
  const workers = await createWorkers({
    connection,
    namespace,
    workflowBundle,
    store,
    records,
    cache: createContentCache({ store }),
    producerVersions: await findProducerVersions(config, providers),
    ...(await createRetention({
      client,
      storage: config.storage,
      store,
      records,
      logger,
      resources,
      metrics,
    })),
    onEnd(metadata) {
      countEnd(metadata);
      tracing.onEnd(metadata);
    },
    executions: createTaskExecutions({ client }),
    signals: createWorkflowSignals({ client }),
    timelines: createTemporalTimeline({ client }),
    decoder: tracePool('media', decoder),
    renderers,
    mediaSlots: config.media.slots,
  });
  workers.push(
    ...(await createRemoteProviderWorkers(
      { connection, namespace, store },
      providers,
      config.providers,
      resources,
    )),
  );
  const outbound = resources.use(createOutbound({ allowed: toNetworks(config.outbound.allowedNetworks) }));
  workers.push(
    await createWebhookWorker({ connection, namespace, store, outbound, publicUrl: config.publicUrl }),
  );
  const slots = { media: decoder, ...Object.fromEntries(renderers.map(({ queue, pool }) => [queue, pool])) };
  addSlotMetrics(metrics, slots);
  return toRunningWorker(workers, { slots, connection }, resources.move());
}

interface IoWorkerDeps extends CacheDeps, EraseDeps, MediaDeps, RecordDeps, RetentionDeps {
  connection: NativeConnection;
  namespace: string;
  workflowBundle: WorkflowBundle;
  /** Caps of the queues that run in child processes: the number of slots. */
  mediaSlots: number;
  renderers: OpenRenderer[];
}

interface OpenRenderer {
  queue: string;
  pool: RendererPool;
  renderer: VideoProvider;
}

/** The renderers that are installed here. */
async function openRenderers(
  providers: readonly ProviderDescriptor[],
  config: Config,
  logger: Logger,
  resources: AsyncDisposableStack,
): Promise<OpenRenderer[]> {
  const opened: OpenRenderer[] = [];
  for (const provider of providers) {
    if (provider.kind === 'local') {
      const pool = await provider.openPool(config, logger);
      if (pool) {
        resources.use(pool);
        const renderer = await provider.createRenderer(tracePool(provider.name, pool));
        opened.push({ queue: provider.queue, pool, renderer });
      }
    }
  }
  return opened;
}

/** Temporal workers for everything that needs no GPU: workflows, short activities, decoding, and the renderer. */
async function createWorkers(deps: IoWorkerDeps): Promise<Worker[]> {
  const { connection, namespace } = deps;
  const common = { ...WORKER_DEFAULTS, connection, namespace };
  const assertStorage = () => assertAvailable(deps.store);
  return Promise.all([
    Worker.create({
      ...common,
      taskQueue: QUEUES.pipeline,
      workflowBundle: deps.workflowBundle,
      activities: withFailureBoundary(createGateActivities(deps)),
      tuner: workflowSlots(),
    }),
    Worker.create({
      ...common,
      taskQueue: QUEUES.io,
      activities: withFailureBoundary(
        {
          ...createCacheActivities(deps),
          ...createCompositionActivities(deps),
          ...createPreviewActivities(deps),
          ...createVideoActivities(deps),
          ...createRecordActivities(deps),
          ...createRetentionActivities(deps),
          ...createEraseActivities(deps),
        },
        assertStorage,
      ),
    }),
    Worker.create({
      ...common,
      taskQueue: QUEUES.media,
      activities: withFailureBoundary(createMediaActivities(deps), assertStorage),
      maxConcurrentActivityTaskExecutions: deps.mediaSlots,
    }),
    ...deps.renderers.map(({ queue, pool, renderer }) =>
      Worker.create({
        ...common,
        taskQueue: queue,
        activities: withFailureBoundary(createRenderActivities({ ...deps, renderer }), assertStorage),
        maxConcurrentActivityTaskExecutions: pool.capacity,
      }),
    ),
  ]);
}
