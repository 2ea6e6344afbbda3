import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { gpuRoutes } from '../../src/api/routes/gpu.ts';
import { modelHealthRoutes } from '../../src/api/routes/model-health.ts';
import { PipelineError } from '../../src/errors.ts';
import type { ModelClient } from '../../src/ports/models.ts';
import type { ObjectStore } from '../../src/ports/object-store.ts';
import type { SlotSnapshot } from '../../src/ports/slot-task.ts';
import { createFileStore } from '../../src/storage/file/file-store.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { publishGpuStatus } from '../../src/telemetry/publish-gpu-status.ts';

const models = (
  selfTest: ModelClient['selfTest'] = async () => ({ score: 0.9, timings_ms: {} }),
): ModelClient => ({
  queueLength: async (queue) => (queue === 'yolo' ? 3 : 1),
  selfTest,
});

describe('/api/gpu', () => {
  let root: string;
  let store: ObjectStore;
  const logger = createLogger('test', { level: 'silent' });
  const slot: SlotSnapshot = {
    pid: 42,
    state: 'busy',
    memoryMb: 900,
    restarts: 1,
    recycled: 2,
    runs: 30,
    busyMs: 90_000,
    facts: { model: 'yolov8n', provider: 'cpu', unavailable: 'cuda: Failed to load shared library' },
  };
  const pools = {
    yolo: { snapshot: () => [slot] },
    birefnet: { snapshot: () => [{ ...slot, state: 'idle' as const }] },
  };

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'gpu-status-'));
    store = createFileStore({ root });
  });
  afterEach(() => rm(root, { recursive: true }));

  const ask = async () => (await gpuRoutes({ store, models: models() }).request('/api/gpu')).json();

  it('shows the slots of every worker, and how many tasks wait for them', async () => {
    await using _first = await publishGpuStatus({ store, device: '0', pools, logger });
    await using _second = await publishGpuStatus({ store, device: '1', pools, logger });
    expect(await ask()).toMatchObject({
      queues: {
        yolo: { waiting: 3, slots: 2, busy: 2 },
        birefnet: { waiting: 1, slots: 2, busy: 0 },
      },
      workers: [
        {
          device: '0',
          pid: process.pid,
          slots: {
            yolo: [{ pid: 42, state: 'busy', memory_mb: 900, restarts: 1, recycled: 2, facts: slot.facts }],
          },
        },
        { device: '1' },
      ],
    });
  });

  it('forgets a worker that stopped, and one that was killed', async () => {
    const worker = await publishGpuStatus({ store, device: '0', pools, logger });
    await worker[Symbol.asyncDispose]();
    expect(await ask()).toMatchObject({ workers: [] });

    await using _silent = await publishGpuStatus({ store, device: '0', pools, logger });
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 60_000);
    expect(await ask()).toMatchObject({ workers: [], queues: { yolo: { slots: 0 } } });
    vi.restoreAllMocks();
  });
});

describe('the health of a model', () => {
  it('is cached for ten seconds', async () => {
    const selfTest = vi.fn(async () => ({ score: 0.9, timings_ms: { model: 12 } }));
    let nowMs = 0;
    const routes = modelHealthRoutes({ models: models(selfTest), now: () => nowMs });
    const answers = await Promise.all([
      routes.request('/api/person-detection/health'),
      routes.request('/api/person-detection/health'),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(await answers[0].json()).toMatchObject({ status: 'ok', score: 0.9, timings_ms: { model: 12 } });
    expect(selfTest).toHaveBeenCalledTimes(1);
    await routes.request('/api/background-removal/health');
    expect(selfTest).toHaveBeenLastCalledWith('background-removal');
    nowMs = 10_000;
    await routes.request('/api/person-detection/health');
    expect(selfTest).toHaveBeenCalledTimes(3);
  });

  it('is 503 with the reason if the model returns nonsense', async () => {
    const selfTest = async () => {
      throw new PipelineError('MODEL_INVALID', 'The model was exported wrongly');
    };
    const answer = await modelHealthRoutes({ models: models(selfTest) }).request(
      '/api/background-removal/health',
    );
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({
      status: 'failing',
      code: 'MODEL_INVALID',
      message: 'The model was exported wrongly',
    });
  });
});
