import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isCountingFrames } from '../../src/api/progress/activity-progress.ts';
import { toWorkflowId } from '../../src/contracts/messages.ts';
import type { JobResult } from '../../src/contracts/schemas/job-outcome.ts';
import { taskKeys } from '../../src/contracts/task-keys.ts';
import { loadConfig } from '../../src/process/load-config.ts';
import { openStore } from '../../src/storage/open-store.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { createMetrics } from '../../src/telemetry/metrics/metrics.ts';
import { createTemporalJobs } from '../../src/temporal/temporal-jobs.ts';
import { createGpuWorker } from '../../src/workers/gpu-worker.ts';
import { createIoWorker } from '../../src/workers/io-worker.ts';
import { WORKER_DEFAULTS } from '../../src/workers/lifecycle.ts';
import { runWorker } from '../harness/stack/run-worker.ts';
import { stackEnvironment } from '../harness/stack/stack-environment.ts';
import { submitFiles } from '../harness/stack/submit-files.ts';
import { startTestServer } from '../harness/temporal-server.ts';
import { buzz, writeVoice } from '../providers/local/talk-files.ts';

const PORTRAIT = join(import.meta.dirname, '../../samples/portrait.jpg');
/** Frames of a part: two seconds. */
const PART_FRAMES = 50;

export interface HandedOnRender {
  /** How often the worker is restarted, each time after it has stored a part that was not there before. */
  restarts: number;
  voiceS: number;
  /** How long a worker that is stopped goes on with its work. */
  graceS: number;
}

export interface HandedOnResult {
  result: JobResult;
  /** Frames in the store when a worker started, and the first number of frames that it reported. */
  starts: Array<{ storedFrames: number; firstFrame: number }>;
  /** Keys of parts that were stored twice. */
  storedTwice: string[];
}

/** One render by one io worker after the other: each drains, hands the render back, and the next one takes it up. */
export async function handOnRender({ restarts, voiceS, graceS }: HandedOnRender): Promise<HandedOnResult> {
  await using resources = new AsyncDisposableStack();
  const root = await mkdtemp(join(tmpdir(), 'limelight-handed-on-'));
  resources.defer(() => rm(root, { recursive: true, force: true }));
  const server = resources.use(await startTestServer());
  const config = loadConfig({
    ...(await stackEnvironment(join(root, 'data'))),
    ...server.env,
    RENDER_LONG_SIDE_PX: '512',
    LOG_LEVEL: 'silent',
  });
  const logger = createLogger('test', config.log);
  const { shutdownGraceTime } = WORKER_DEFAULTS;
  resources.defer(() => void Object.assign(WORKER_DEFAULTS, { shutdownGraceTime }));
  Object.assign(WORKER_DEFAULTS, { shutdownGraceTime: graceS * 1000 });
  const startIo = async () => runWorker(await createIoWorker(config, logger, createMetrics('io')));
  resources.use(runWorker(await createGpuWorker(config, logger, createMetrics('gpu'))));
  const store = resources.use(openStore(config.storage));
  const jobs = createTemporalJobs(server);
  const voicePath = await writeVoice(join(root, 'voice.wav'), buzz(voiceS));

  let io = await startIo();
  const { taskId } = await submitFiles(
    { store, jobs },
    { photoPath: PORTRAIT, voicePath },
    { conf_threshold: 0.3 },
  );
  const parts = watchParts(() => Array.fromAsync(store.list(taskKeys(taskId).parts)));
  resources.use(parts);
  const starts: HandedOnResult['starts'] = [];
  for (let restart = 1; restart <= restarts; restart++) {
    const before = parts.count();
    await until(() => parts.count() > before);
    await io[Symbol.asyncDispose]();
    // The first part has the tracks and no frames.
    const storedFrames = (parts.count() - 1) * PART_FRAMES;
    io = await startIo();
    const firstFrame = await until(
      async () => (await jobs.describe(taskId)).activities.find(isCountingFrames)?.heartbeat.frame,
    );
    starts.push({ storedFrames, firstFrame });
  }
  const last = io;
  resources.defer(() => last[Symbol.asyncDispose]());
  const result = await server.client.workflow.getHandle(toWorkflowId(taskId)).result();
  return {
    result: result as JobResult,
    starts,
    storedTwice: parts.storedTwice(),
  };
}

/** Looks at the stored parts all the time, because the last worker deletes them. */
function watchParts(list: () => Promise<Array<{ key: string; modifiedAt: Date }>>) {
  const seen = new Map<string, Set<number>>();
  const stop = new AbortController();
  const watching = (async () => {
    while (!stop.signal.aborted) {
      for (const { key, modifiedAt } of await list()) {
        seen.set(key, (seen.get(key) ?? new Set()).add(modifiedAt.getTime()));
      }
      await sleep(50);
    }
  })();
  return {
    count: () => seen.size,
    storedTwice: () => [...seen].filter(([, times]) => times.size > 1).map(([key]) => key),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await watching;
    },
  };
}

async function until<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`Waited two minutes for: ${look}`);
    await sleep(50);
  }
}
