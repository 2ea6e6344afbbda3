import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { toWorkflowId } from '../../src/contracts/messages.ts';
import { QUEUES } from '../../src/contracts/queues.ts';
import type { JobInput } from '../../src/contracts/schemas/job.ts';
import { createTemporalJobs } from '../../src/temporal/temporal-jobs.ts';
import { mostAtOnce, readActivityRuns } from '../harness/activity-runs.ts';
import { happyActivities } from '../harness/happy-activities.ts';
import { toJobInput } from '../harness/pipeline-harness.ts';
import { openTestNamespace } from '../harness/temporal-server.ts';
import { startWorkers } from '../harness/workers.ts';

const WAITING = 40;
/** As on one GPU: two detections and one background removal at a time. */
const SLOTS: Record<string, number> = { [QUEUES.yolo]: 2, [QUEUES.birefnet]: 1 };
const REMOVAL_MS = 120;

it('a job of another key starts within three slot times while many jobs wait, and a higher priority overtakes', async () => {
  await using server = await openTestNamespace();
  const happy = happyActivities();
  let detected = 0;
  const allWait = Promise.withResolvers<void>();
  await using _ = await startWorkers(
    server,
    {
      ...happy,
      async detectPersons(request: Parameters<typeof happy.detectPersons>[0]) {
        detected += 1;
        return happy.detectPersons(request);
      },
      async removeBackground(request: Parameters<typeof happy.removeBackground>[0]) {
        // The slot is busy until all wait for it.
        await Promise.all([sleep(REMOVAL_MS), allWait.promise]);
        return happy.removeBackground(request);
      },
    },
    {
      toOptions: (queue) =>
        queue in SLOTS
          ? { maxConcurrentActivityTaskExecutions: SLOTS[queue]!, maxConcurrentActivityTaskPolls: 1 }
          : {},
    },
  );
  const jobs = createTemporalJobs({ client: server.client });
  const submit = async (owner: string, options: Partial<JobInput['options']> = {}) => {
    const input = { ...toJobInput(options), owner };
    await jobs.start(input);
    return input.taskId;
  };
  const backlog: string[] = [];
  while (backlog.length < WAITING) {
    backlog.push(...(await Promise.all(Array.from({ length: 20 }, () => submit('busy')))));
  }
  const removals = (taskIds: string[]) => readActivityRuns(server.client, taskIds, 'removeBackground');
  const untilWaiting = async (taskId: string) => {
    await expect
      .poll(async () => (await removals([taskId]))[0]!.scheduledMs, { timeout: 60_000, interval: 100 })
      .not.toBeNaN();
    return taskId;
  };
  await expect.poll(() => detected, { timeout: 60_000 }).toBe(WAITING);
  const single = await untilWaiting(await submit('other'));
  const urgent = await untilWaiting(await submit('busy', { priority: 1 }));
  allWait.resolve();
  await Promise.all(
    [single, urgent].map((taskId) => server.client.workflow.getHandle(toWorkflowId(taskId)).result()),
  );

  const all = await removals([...backlog, single, urgent]);
  const overtookBy = (taskId: string) => {
    const own = all.find((run) => run.taskId === taskId)!;
    return all.filter(({ startedMs }) => startedMs > own.scheduledMs && startedMs < own.startedMs).length;
  };
  expect(overtookBy(single)).toBeLessThanOrEqual(3);
  expect(overtookBy(urgent)).toBeLessThanOrEqual(3);
  expect(mostAtOnce(all)).toBe(1);
  expect(mostAtOnce(await readActivityRuns(server.client, backlog, 'detectPersons'))).toBeLessThanOrEqual(2);
}, 180_000);
