import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { toWorkflowId } from '../../src/contracts/messages.ts';
import { QUEUES } from '../../src/contracts/queues.ts';
import { loadConfig } from '../../src/process/load-config.ts';
import { openStore } from '../../src/storage/open-store.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { createMetrics } from '../../src/telemetry/metrics/metrics.ts';
import { createTemporalJobs } from '../../src/temporal/temporal-jobs.ts';
import { createTemporalStatistics } from '../../src/temporal/temporal-statistics.ts';
import { createGpuWorker } from '../../src/workers/gpu-worker.ts';
import { createIoWorker } from '../../src/workers/io-worker.ts';
import { runWorker } from '../harness/stack/run-worker.ts';
import { stackEnvironment } from '../harness/stack/stack-environment.ts';
import { submitFiles } from '../harness/stack/submit-files.ts';
import { startTestServer } from '../harness/temporal-server.ts';
import { buzz, writeVoice } from '../providers/local/talk-files.ts';
import { writeLipSyncModel } from '../providers/local/tiny-lip-sync.ts';

const PORTRAIT = join(import.meta.dirname, '../../samples/portrait.jpg');
/** So many that a worker without the model would get one of them. */
const JOBS = 4;

it('a job for the lip-sync network waits for a worker with a model, however many there are without', async () => {
  await using resources = new AsyncDisposableStack();
  const root = await mkdtemp(join(tmpdir(), 'limelight-mixed-'));
  resources.defer(() => rm(root, { recursive: true, force: true }));
  const models = join(root, 'models');
  await mkdir(models);
  await writeLipSyncModel(models);
  const server = resources.use(await startTestServer());
  const configWith = async (settings: Record<string, string>) =>
    loadConfig({
      ...(await stackEnvironment(join(root, 'data'))),
      ...server.env,
      RENDER_LONG_SIDE_PX: '512',
      LOG_LEVEL: 'silent',
      MODELS_DIR: '',
      MODELS_CACHE_DIR: join(root, 'none'),
      ...settings,
    });
  const bare = await configWith({});
  const logger = createLogger('test', bare.log);
  const store = resources.use(openStore(bare.storage));
  const jobs = createTemporalJobs(server);
  const statistics = createTemporalStatistics(server);
  const voicePath = await writeVoice(join(root, 'voice.wav'), buzz(0.6));
  const start = () =>
    submitFiles(
      { store, jobs },
      { photoPath: PORTRAIT, voicePath },
      { provider: 'lip-sync', conf_threshold: 0.3 },
    );

  resources.use(runWorker(await createGpuWorker(bare, logger, createMetrics('gpu'))));
  resources.use(runWorker(await createIoWorker(bare, logger, createMetrics('io'))));
  const tasks = await Promise.all(Array.from({ length: JOBS }, start));
  await expect
    .poll(() => statistics.queue(QUEUES.lipSync), { timeout: 60_000 })
    .toMatchObject({ waiting: JOBS, pollers: 0 });

  const withModel = await configWith({ MODELS_DIR: models });
  resources.use(runWorker(await createIoWorker(withModel, logger, createMetrics('io'))));

  for (const { taskId } of tasks) {
    const result = server.client.workflow.getHandle(toWorkflowId(taskId)).result();
    expect(await result).toMatchObject({ success: true, metadata: { provider: { name: 'lip-sync' } } });
  }
}, 180_000);
