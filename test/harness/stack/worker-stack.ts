import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runApi } from '../../../src/api/run-api.ts';
import { freePort } from '../../../src/cli/stack/free-port.ts';
import type { JobInput } from '../../../src/contracts/schemas/job.ts';
import type { JobOptions } from '../../../src/contracts/schemas/job-options.ts';
import type { ObjectStore } from '../../../src/ports/object-store.ts';
import { loadConfig } from '../../../src/process/load-config.ts';
import { openStore } from '../../../src/storage/open-store.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { createMetrics } from '../../../src/telemetry/metrics/metrics.ts';
import { createTemporalJobs } from '../../../src/temporal/temporal-jobs.ts';
import { createGpuWorker } from '../../../src/workers/gpu-worker.ts';
import { createIoWorker } from '../../../src/workers/io-worker.ts';
import type { RunningWorker } from '../../../src/workers/lifecycle.ts';
import { startTestServer, type TestServer } from '../temporal-server.ts';
import { untilReady } from '../until-ready.ts';
import { submitFiles } from './submit-files.ts';

export interface WorkerStack extends AsyncDisposable {
  server: TestServer;
  store: ObjectStore;
  /** The folders of API, io worker and GPU worker: one for all, or with a bucket one for each. */
  roots: { api: string; io: string; gpu: string };
  jobs: ReturnType<typeof createTemporalJobs>;
  io: RunningWorker;
  gpu: RunningWorker;
  /** Of the real API over the same store. */
  apiUrl: string;
  /** Stores the files and starts the job, as the API does. */
  submit(photoPath: string, voicePath: string, options?: Partial<JobOptions>): Promise<JobInput>;
}

/**
 * Real workers with real slots and models on a real Temporal server, with a storage folder of their own where the
 * settings name none. Where they name a bucket, the workers share no folder, as on machines of their own.
 */
export async function startWorkerStack(settings: Record<string, string> = {}): Promise<WorkerStack> {
  await using resources = new AsyncDisposableStack();
  const server = resources.use(await startTestServer());
  const root = settings.STORAGE_ROOT ?? (await mkdtemp(join(tmpdir(), 'limelight-stack-')));
  if (!settings.STORAGE_ROOT) resources.defer(() => rm(root, { recursive: true, force: true }));
  const common = {
    ...process.env,
    ...server.env,
    // The device lock is the host's: a stack that runs beside the tests must not be in their way.
    CUDA_VISIBLE_DEVICES: `test-${randomUUID()}`,
    API_PORT: String(await freePort()),
    LOG_LEVEL: 'silent',
    ...settings,
  };
  const rootOf = (role: string) => (settings.STORAGE_S3_BUCKET ? join(root, role) : root);
  const roots = { api: rootOf('api'), io: rootOf('io'), gpu: rootOf('gpu') };
  const configFor = (role: keyof typeof roots) => loadConfig({ ...common, STORAGE_ROOT: roots[role] });
  const config = configFor('api');
  const logger = createLogger('test', config.log);
  const io = resources.use(await createIoWorker(configFor('io'), logger, createMetrics('io')));
  const gpu = resources.use(await createGpuWorker(configFor('gpu'), logger, createMetrics('gpu')));
  const stop = new AbortController();
  const runs = Promise.all([io.run(stop.signal), gpu.run(stop.signal), runApi(config, logger, stop.signal)]);
  resources.defer(async () => {
    stop.abort();
    await runs;
  });
  const apiUrl = `http://${config.api.host}:${config.api.port}`;
  await untilReady(`${apiUrl}/health/live`);
  const store = resources.use(openStore(config.storage));
  const jobs = createTemporalJobs({ client: server.client });
  const owned = resources.move();
  return {
    server,
    store,
    roots,
    jobs,
    io,
    gpu,
    apiUrl,
    submit: (photoPath, voicePath, options) =>
      submitFiles({ store, jobs }, { photoPath, voicePath }, options),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
