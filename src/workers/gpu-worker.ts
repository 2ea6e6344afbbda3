import { fileURLToPath } from 'node:url';
import { type NativeConnection, Worker } from '@temporalio/worker';
import { createBackgroundActivities } from '../activities/background.ts';
import { withFailureBoundary } from '../activities/boundary.ts';
import { createDetectionActivities } from '../activities/detection.ts';
import { assertAttemptIsCurrent } from '../activities/keep-alive.ts';
import { createSelfTestActivities, type SelfTestDeps } from '../activities/self-test.ts';
import type { Config } from '../config/config.ts';
import { QUEUES } from '../contracts/queues.ts';
import { createDetectorPool, createMattingPool, mayUseDevice } from '../inference/pools.ts';
import { lockDevice } from '../process/device-lock.ts';
import { assertMemoryFits, assertOneDevice } from '../process/device-memory.ts';
import { assertAvailable } from '../storage/assert-available.ts';
import { createContentCache } from '../storage/content-cache.ts';
import { openStore } from '../storage/open-store.ts';
import { createPromptStore } from '../storage/prompt-store.ts';
import type { Logger } from '../telemetry/logger.ts';
import { addGpuMetrics } from '../telemetry/metrics/gpu-metrics.ts';
import type { Metrics } from '../telemetry/metrics/metrics.ts';
import { addSlotMetrics } from '../telemetry/metrics/slot-metrics.ts';
import { publishGpuStatus } from '../telemetry/publish-gpu-status.ts';
import { tracePool } from '../telemetry/trace-pool.ts';
import { startTracing } from '../telemetry/tracing.ts';
import { connectWorker } from '../temporal/connection.ts';
import { findProducerVersions } from './find-producer-versions.ts';
import { type RunningWorker, toRunningWorker, WORKER_DEFAULTS } from './lifecycle.ts';

/**
 * Locks the device if there is one, starts its slots and connects; `run` polls until stopped. One per device and host; on
 * the CPU any number.
 * Rejects with DEVICE_MEMORY_EXCEEDED if the slots do not fit, and with DEVICE_IN_USE if another worker has the device.
 */
export async function createGpuWorker(
  config: Config,
  logger: Logger,
  metrics: Metrics,
): Promise<RunningWorker> {
  assertOneDevice(config.gpu.device);
  assertMemoryFits(config.gpu);
  await using resources = new AsyncDisposableStack();
  resources.use(startTracing('gpu', config.tracing));
  const lock = mayUseDevice(config.gpu.device)
    ? resources.use(await lockDevice(config.gpu.device))
    : undefined;
  // First, because the slots work in its scratch area.
  const store = resources.use(openStore(config.storage, { guard: assertAttemptIsCurrent }));
  const detector = resources.use(await createDetectorPool(config, logger));
  const matting = resources.use(await createMattingPool(config, logger));
  const connection = await connectWorker(config.temporal);
  resources.defer(() => connection.close());
  await Promise.all([detector.ready(), matting.ready()]);
  if ([...detector.snapshot(), ...matting.snapshot()].every(({ facts }) => facts?.provider === 'cpu')) {
    await lock?.[Symbol.asyncDispose]();
  }
  const workers = await createWorkers({
    connection,
    namespace: config.temporal.namespace,
    store,
    cache: createContentCache({ store }),
    producerVersions: await findProducerVersions(config),
    detector: tracePool('yolo', detector),
    matting: tracePool('birefnet', matting),
    figure: FIGURE,
  });
  const pools = { yolo: detector, birefnet: matting };
  // Not a write of an activity. A worker starts and stops in time while the store is silent.
  const prompt = createPromptStore(resources.use(openStore(config.storage)));
  resources.use(await publishGpuStatus({ store: prompt, device: config.gpu.device, pools, logger }));
  addSlotMetrics(metrics, pools);
  resources.use(addGpuMetrics(metrics, { device: config.gpu.device, pools }));
  return toRunningWorker(workers, { slots: pools, connection }, resources.move());
}

/** The drawing for the slots' self-test, and the box of its person. */
const FIGURE: SelfTestDeps['figure'] = {
  path: fileURLToPath(new URL('../inference/self-test-figure.svg', import.meta.url)),
  box: [214, 40, 426, 604],
};

interface GpuWorkerDeps extends SelfTestDeps {
  connection: NativeConnection;
  namespace: string;
}

async function createWorkers(deps: GpuWorkerDeps): Promise<Worker[]> {
  const common = { ...WORKER_DEFAULTS, connection: deps.connection, namespace: deps.namespace };
  const { testDetector, testMatting } = createSelfTestActivities(deps);
  const assertStorage = () => assertAvailable(deps.store);
  return Promise.all([
    Worker.create({
      ...common,
      taskQueue: QUEUES.yolo,
      activities: withFailureBoundary({ ...createDetectionActivities(deps), testDetector }, assertStorage),
      // The number of slots, times the batch size of a slot.
      maxConcurrentActivityTaskExecutions: deps.detector.capacity,
    }),
    Worker.create({
      ...common,
      taskQueue: QUEUES.birefnet,
      activities: withFailureBoundary({ ...createBackgroundActivities(deps), testMatting }, assertStorage),
      maxConcurrentActivityTaskExecutions: deps.matting.capacity,
    }),
  ]);
}
