import { randomUUID } from 'node:crypto';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keepAlive } from '../../src/activities/keep-alive.ts';
import { HANDED_BACK } from '../../src/contracts/handed-back.ts';
import { taskIdOf, toWorkflowId } from '../../src/contracts/messages.ts';
import { QUEUES } from '../../src/contracts/queues.ts';
import type { WebhookMessage } from '../../src/contracts/schemas/webhook.ts';
import { DELIVER_WEBHOOK, toDeliveryWorkflowId } from '../../src/contracts/webhook.ts';
import { toJobMemo } from '../../src/temporal/temporal-jobs.ts';
import { createTemporalTimeline } from '../../src/temporal/temporal-timeline.ts';
import type { deliverWebhook, generateVideo } from '../../src/workflows/index.ts';
import { happyActivities } from '../harness/happy-activities.ts';
import { toJobInput } from '../harness/pipeline-harness.ts';
import { allQueues } from '../harness/providers.ts';
import { openTestNamespace, type TestServer } from '../harness/temporal-server.ts';
import { startWorkers } from '../harness/workers.ts';

/** More than the attempts of a job. */
const RESTARTS = 5;

describe('work that a draining worker hands back', () => {
  let server: TestServer;
  let others: AsyncDisposable;
  const happy = happyActivities();

  beforeAll(async () => {
    server = await openTestNamespace();
    const stopped: string[] = [QUEUES.render, QUEUES.webhooks];
    others = await startWorkers(server, happy, {
      queues: allQueues().filter((queue) => !stopped.includes(queue)),
    });
  });
  afterAll(async () => {
    await others[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  /** A worker of one queue. It drains when disposed, without a grace time for its work. */
  const serve = (queue: string, activities: object) =>
    startWorkers(server, activities, { queues: [queue], toOptions: () => ({ shutdownGraceTime: 1 }) });

  async function startJob() {
    const input = toJobInput();
    return server.client.workflow.start<typeof generateVideo>('generateVideo', {
      workflowId: toWorkflowId(input.taskId),
      taskQueue: QUEUES.pipeline,
      args: [input],
      memo: { ...toJobMemo(input) },
    });
  }

  /** Works until the worker drains. `attempts` lists the attempts that Temporal counts. */
  function workForEver() {
    const attempts: number[] = [];
    const work = () => {
      attempts.push(Context.current().info.attempt);
      return keepAlive(() => Context.current().cancelled);
    };
    return { attempts, work };
  }

  it(`does not count: a render that ${RESTARTS} workers hand back ends in its video`, async () => {
    const { attempts, work } = workForEver();
    const job = await startJob();
    for (let restart = 1; restart <= RESTARTS; restart++) {
      await using _worker = await serve(QUEUES.render, { renderTalk: work });
      await expect.poll(() => attempts.length).toBe(restart);
    }
    await using _last = await serve(QUEUES.render, happy);

    expect(await job.result()).toMatchObject({ success: true });
    expect(attempts).toEqual(Array(RESTARTS).fill(1));
    const timeline = await createTemporalTimeline(server).read(taskIdOf(job.workflowId)!);
    const renders = timeline.stages.flatMap(({ steps }) => steps.filter(({ name }) => name === 'renderTalk'));
    expect(renders.map(({ outcome }) => outcome)).toEqual([
      ...Array(RESTARTS).fill('handed_back'),
      'completed',
    ]);
    expect(renders.some(({ error }) => error)).toBe(false);
  });

  it('leaves the job its three attempts', async () => {
    const { attempts, work } = workForEver();
    const job = await startJob();
    {
      await using _worker = await serve(QUEUES.render, { renderTalk: work });
      await expect.poll(() => attempts.length).toBe(1);
    }
    let crashes = 0;
    await using _last = await serve(QUEUES.render, {
      async renderTalk() {
        crashes += 1;
        throw ApplicationFailure.create({ type: 'SLOT_CRASHED', message: 'A slot crashed' });
      },
    });

    await expect(job.result()).rejects.toMatchObject({ cause: { type: 'SLOT_CRASHED' } });
    expect(crashes).toBe(3);
  });

  it('does not count either if the worker was paused and finds its attempt lost', async () => {
    const job = await startJob();
    let pauses = 0;
    await using _worker = await serve(QUEUES.render, {
      ...happy,
      async renderTalk(request: Parameters<typeof happy.renderTalk>[0]) {
        if (pauses++ < 3) {
          throw ApplicationFailure.create({ type: HANDED_BACK.attemptLost, message: 'Paused' });
        }
        return happy.renderTalk(request);
      },
    });

    expect(await job.result()).toMatchObject({ success: true });
    expect(pauses).toBe(4);
  });

  it('ends as cancelled if the job was cancelled while its worker drained', async () => {
    const job = await startJob();
    const started = Promise.withResolvers<void>();
    const mayEnd = Promise.withResolvers<void>();
    const worker = await serve(QUEUES.render, {
      renderTalk: () =>
        keepAlive(async (signal) => {
          started.resolve();
          await mayEnd.promise;
          signal.throwIfAborted();
        }),
    });
    await started.promise;
    const drained = worker[Symbol.asyncDispose]();
    // The worker hands it back only after the job has asked to cancel it.
    await job.cancel();
    await expect
      .poll(async () => (await job.describe()).raw.pendingActivities?.some(({ state }) => state === 3))
      .toBe(true);
    mayEnd.resolve();
    await drained;

    await expect(job.result()).rejects.toThrow();
    expect((await job.describe()).status.name).toBe('CANCELLED');
  });

  it('costs a webhook none of its attempts', async () => {
    const id = `msg_${randomUUID()}`;
    const message: WebhookMessage = {
      id,
      taskId: randomUUID(),
      url: 'https://example.org/',
      type: 'task.completed',
      event: {
        seq: 1,
        task_id: randomUUID(),
        event_type: 'stage_update',
        data: { stage: 'COMPLETED', progress_percent: 100, message: 'The video is ready' },
        timestamp: new Date().toISOString(),
      },
    };
    const delivery = await server.client.workflow.start<typeof deliverWebhook>(DELIVER_WEBHOOK, {
      workflowId: toDeliveryWorkflowId(id),
      taskQueue: QUEUES.pipeline,
      args: [message],
    });
    const reached = Promise.withResolvers<void>();
    {
      await using _worker = await serve(QUEUES.webhooks, {
        async sendWebhook() {
          reached.resolve();
          await Context.current().cancelled;
        },
      });
      await reached.promise;
    }
    await using _next = await serve(QUEUES.webhooks, happy);

    expect(await delivery.result()).toMatchObject({ state: 'delivered', attempts: [{ status: 200 }] });
  });
});
