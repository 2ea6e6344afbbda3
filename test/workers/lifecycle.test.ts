import { Worker } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import type { SlotSnapshot } from '../../src/ports/slot-task.ts';
import { toRunningWorker } from '../../src/workers/lifecycle.ts';
import { fileResources } from '../harness/file-resources.ts';
import { startTestServer } from '../harness/temporal-server.ts';

const IDLE: SlotSnapshot = {
  pid: 1,
  state: 'idle',
  memoryMb: 1,
  restarts: 0,
  recycled: 0,
  runs: 0,
  busyMs: 0,
  facts: {},
};

const server = fileResources().use(await startTestServer());

const createWorker = (taskQueue: string, activities = { act: async () => 'done' }) =>
  Worker.create({ connection: server.workerConnection, taskQueue, activities });

async function createRunning() {
  const workers = [await createWorker('one'), await createWorker('two')];
  const slots = { states: ['idle', 'idle'] as SlotSnapshot['state'][] };
  const disposed: string[] = [];
  const resources = new AsyncDisposableStack();
  resources.defer(() => void disposed.push('resources'));
  const running = toRunningWorker(
    workers,
    {
      slots: { yolo: { snapshot: () => slots.states.map((state) => ({ ...IDLE, state })) } },
      connection: server.workerConnection,
    },
    resources,
  );
  return { running, workers, slots, disposed };
}

describe('a worker', () => {
  it('is ready while it polls and has a slot, and stops when its signal is aborted', async () => {
    const { running, workers, slots, disposed } = await createRunning();
    expect(await running.health()).toEqual({ isReady: false, reason: 'It does not poll its queues' });
    const stop = new AbortController();
    const run = running.run(stop.signal);
    await expect.poll(() => running.health()).toEqual({ isReady: true });

    slots.states = ['starting', 'idle'];
    expect(await running.health()).toEqual({ isReady: true });
    slots.states = ['starting', 'starting'];
    expect(await running.health()).toEqual({ isReady: false, reason: 'No slot is ready for yolo' });

    stop.abort();
    await run;
    expect(workers.map((worker) => worker.getState())).toEqual(['STOPPED', 'STOPPED']);
    expect(disposed).toEqual([]);
    await running[Symbol.asyncDispose]();
    expect(disposed).toEqual(['resources']);
  });

  it('stops at once if its signal was aborted before it ran', async () => {
    const { running, workers } = await createRunning();

    await running.run(AbortSignal.abort());

    expect(workers.map((worker) => worker.getState())).toEqual(['STOPPED', 'STOPPED']);
  });

  it('stops all its queues if one cannot run', async () => {
    const { running, workers } = await createRunning();
    const stop = new AbortController();
    const alone = workers[1]!.run();

    await expect(running.run(stop.signal)).rejects.toThrow('already started');

    await alone;
    expect(workers.map((worker) => worker.getState())).toEqual(['STOPPED', 'STOPPED']);
  });

  it('is not ready while Temporal does not answer', async () => {
    const { running } = await createRunning();
    const stop = new AbortController();
    const run = running.run(stop.signal);
    await expect.poll(() => running.health()).toEqual({ isReady: true });

    process.kill(server.pid, 'SIGSTOP');
    try {
      await expect
        .poll(() => running.health())
        .toEqual({ isReady: false, reason: 'Temporal does not answer' });
    } finally {
      process.kill(server.pid, 'SIGCONT');
    }

    await expect.poll(() => running.health()).toEqual({ isReady: true });
    stop.abort();
    await run;
  });
});
