import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { toWorkflowId } from '../../src/contracts/messages.ts';
import type { JobInput } from '../../src/contracts/schemas/job.ts';
import { type ActivityRun, mostAtOnce, readActivityRuns } from '../harness/activity-runs.ts';
import { needs } from '../harness/needs.ts';
import { mediaDir } from '../harness/shared-media.ts';
import { processesBelow } from '../harness/stack/processes-below.ts';
import { startWorkerStack, type WorkerStack } from '../harness/stack/worker-stack.ts';

needs('MODELS_DIR', 'MEDIA_DIR').describe('slots of the GPU worker', () => {
  const photo = join(mediaDir ?? '', 'people/zidane.jpg');
  const face = join(mediaDir ?? '', 'people/obama.jpg');
  const voice = join(mediaDir ?? '', 'audio/jfk.wav');
  let stack: WorkerStack;

  beforeAll(async () => {
    stack = await startWorkerStack({ BIREFNET_TIMEOUT_S: '15' });
  });
  afterAll(async () => {
    await stack[Symbol.asyncDispose]();
  });

  const resultOf = ({ taskId }: JobInput) =>
    stack.server.client.workflow.getHandle(toWorkflowId(taskId)).result();

  const activityRuns = (jobs: JobInput[], type: string) =>
    readActivityRuns(
      stack.server.client,
      jobs.map(({ taskId }) => taskId),
      type,
    );

  it('run 20 jobs in order of submission, with at most 2 detections and 1 background removal at a time', async () => {
    const jobs: JobInput[] = [];
    for (let index = 0; index < 20; index += 1) {
      jobs.push(await stack.submit(photo, voice));
    }
    await Promise.allSettled(jobs.map((job) => resultOf(job)));

    const detections = await activityRuns(jobs, 'detectPersons');
    const removals = await activityRuns(jobs, 'removeBackground');
    const inOrderOf = (runs: ActivityRun[], key: 'scheduledMs' | 'startedMs') =>
      runs.toSorted((a, b) => a[key] - b[key]).map(({ taskId }) => taskId);
    // Neighbours may swap: what becomes ready in the same moment is put into a queue, and taken out of it, in parallel.
    const expectSameOrder = (taken: string[], queued: string[]) => {
      for (const [place, taskId] of taken.entries()) {
        expect(Math.abs(place - queued.indexOf(taskId))).toBeLessThanOrEqual(1);
      }
    };
    for (const runs of [detections, removals]) {
      expectSameOrder(inOrderOf(runs, 'startedMs'), inOrderOf(runs, 'scheduledMs'));
    }
    expectSameOrder(
      inOrderOf(detections, 'startedMs'),
      jobs.map(({ taskId }) => taskId),
    );
    // Of two detections at a time the later one may end first; nothing else lets a job pass another.
    for (const [later, earlier] of overtakings(removals)) {
      expect(detections[later]!.startedMs).toBeLessThan(detections[earlier]!.endedMs);
    }
    expect(mostAtOnce(detections)).toBeLessThanOrEqual(2);
    expect(mostAtOnce(removals)).toBeLessThanOrEqual(1);
  }, 300_000);

  /** The process that runs the next background removal, while it runs. */
  async function busyMattingPid(): Promise<number> {
    const busy = () => stack.gpu.slots.birefnet?.snapshot().find(({ state }) => state === 'busy')?.pid;
    await expect.poll(busy, { timeout: 60_000, interval: 2 }).toBeDefined();
    return busy() ?? Number.NaN;
  }

  const mattingRestarts = () => stack.gpu.slots.birefnet?.snapshot()[0]?.restarts ?? 0;

  it('are replaced if killed during an inference, and the job succeeds', async () => {
    const restarts = mattingRestarts();
    const job = await stack.submit(face, voice);
    const pid = await busyMattingPid();
    process.kill(pid, 'SIGKILL');

    expect(await resultOf(job)).toMatchObject({ success: true });
    expect(stack.gpu.slots.birefnet?.snapshot()[0]).toMatchObject({
      restarts: restarts + 1,
      pid: expect.not.toBeOneOf([pid]),
    });
  }, 180_000);

  it('are replaced if they time out, and the job succeeds', async () => {
    const restarts = mattingRestarts();
    const pid = stack.gpu.slots.birefnet?.snapshot()[0]?.pid as number;
    // Confinement may add processes around it, and stopping one does not stop the others.
    const processes = [{ pid }, ...(await processesBelow(pid))];
    const job = await stack.submit(face, voice);
    expect(await busyMattingPid()).toBe(pid);
    for (const one of processes) process.kill(one.pid, 'SIGSTOP');

    expect(await resultOf(job)).toMatchObject({ success: true });
    expect(stack.gpu.slots.birefnet?.snapshot()[0]).toMatchObject({
      restarts: restarts + 1,
      pid: expect.not.toBeOneOf([pid]),
    });
  }, 180_000);

  it('are free in under 2 s after a job is cancelled', async () => {
    const job = await stack.submit(face, voice);
    await expect
      .poll(() => stack.io.slots.render?.snapshot()[0]?.state, { timeout: 60_000, interval: 5 })
      .toBe('busy');
    const isRendering = async () => {
      const { activities } = await stack.jobs.describe(job.taskId);
      return activities.some(({ name, heartbeat }) => name === 'renderTalk' && heartbeat !== undefined);
    };
    await expect.poll(isRendering, { timeout: 60_000 }).toBe(true);

    const cancelledAt = performance.now();
    await stack.jobs.cancel(job.taskId);
    await expect
      .poll(() => stack.io.slots.render?.snapshot()[0]?.state, { timeout: 10_000, interval: 10 })
      .not.toBe('busy');

    expect(performance.now() - cancelledAt).toBeLessThan(2000);
  }, 120_000);
});

/** The places of runs that were started before that of a job that was submitted earlier, each with that job's place. */
function overtakings(runs: ActivityRun[]): Array<[later: number, earlier: number]> {
  return runs.flatMap((run, later) =>
    runs
      .slice(0, later)
      .flatMap(
        (other, earlier): Array<[number, number]> =>
          run.startedMs < other.startedMs ? [[later, earlier]] : [],
      ),
  );
}
