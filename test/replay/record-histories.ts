/**
 * `node test/replay/record-histories.ts`: runs each workflow type on a real server, with activities that return at once, and
 * writes the histories. Before a release, add its histories under new names.
 */
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Context, heartbeat } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import proto from '@temporalio/proto';
import { type Fault, scriptedFaults } from '../../emulators/d-id/faults.ts';
import type { EraseActivities } from '../../src/activities/erase.ts';
import { createGateActivities } from '../../src/activities/provider-gate.ts';
import type { RemoteTalkActivities } from '../../src/activities/remote-talk.ts';
import type { RetentionActivities } from '../../src/activities/retention.ts';
import type { SelfTestActivities } from '../../src/activities/self-test.ts';
import type { WebhookActivities } from '../../src/activities/webhooks.ts';
import { ERASE_TASK } from '../../src/contracts/erase.ts';
import { HANDED_BACK } from '../../src/contracts/handed-back.ts';
import { taskIdOf } from '../../src/contracts/messages.ts';
import {
  BREAKER_QUERY,
  GATE_SIGNAL,
  type GateMessage,
  PROVIDER_BREAKER,
  toBreakerId,
  toTidyUpId,
} from '../../src/contracts/provider-gate.ts';
import { QUEUES } from '../../src/contracts/queues.ts';
import { RETAIN_STORAGE } from '../../src/contracts/retention.ts';
import { RETRY_UPDATE, toRetryWindowId } from '../../src/contracts/retry.ts';
import type { WebhookMessage } from '../../src/contracts/schemas/webhook.ts';
import { SELF_TEST } from '../../src/contracts/self-test.ts';
import { DELIVER_WEBHOOK, toDeliveryWorkflowId } from '../../src/contracts/webhook.ts';
import { createWorkflowSignals } from '../../src/temporal/workflow-signals.ts';
import type { Leftovers } from '../../src/workflows/remote-talk/leftovers.ts';
import { createDIdHarness } from '../harness/d-id-harness.ts';
import { happyActivities } from '../harness/happy-activities.ts';
import { createHarness, type PipelineRun } from '../harness/pipeline-harness.ts';
import { startTestServer } from '../harness/temporal-server.ts';
import { startWorkers } from '../harness/workers.ts';

const beatForEver = async (): Promise<never> => {
  for (;;) {
    heartbeat();
    await Context.current().sleep(50);
  }
};

/** As an activity ends on workers that drain, before one finishes it. */
function handBackTwice(): ReturnType<typeof happyActivities>['renderTalk'] {
  let runs = 0;
  return async (request) => {
    runs += 1;
    if (runs <= 2) {
      throw ApplicationFailure.create({
        type: HANDED_BACK.workerShutdown,
        message: 'Worker is shutting down',
      });
    }
    return happyActivities().renderTalk(request);
  };
}

await using server = await startTestServer();
const harness = await createHarness(server);
type Recorded = Pick<PipelineRun['handle'], 'fetchHistory'>;

/** A webhook, beside a job that sends none. */
async function deliver(sendWebhook: WebhookActivities['sendWebhook']): Promise<{ handle: Recorded }> {
  const taskId = '6f9619ff-8b86-4011-b42d-00c04fc964ff';
  const message: WebhookMessage = {
    id: `msg_${randomUUID()}`,
    taskId,
    url: 'https://example.org/',
    type: 'task.completed',
    event: {
      seq: 1,
      task_id: taskId,
      event_type: 'stage_update',
      data: { stage: 'COMPLETED', progress_percent: 100, message: 'The video is ready' },
      timestamp: '2026-11-25T00:00:00.000Z',
    },
    timeScale: 1e-6,
  };
  const handle = server.client.workflow.getHandle(toDeliveryWorkflowId(message.id));
  await harness.run(
    { sendWebhook },
    {
      async during() {
        const { workflowId } = handle;
        await server.client.workflow.execute(DELIVER_WEBHOOK, {
          workflowId,
          taskQueue: QUEUES.pipeline,
          args: [message],
        });
      },
    },
  );
  return { handle };
}

const attempt = { at: '2026-11-25T00:00:00.000Z', duration_ms: 1 };
const runs: Record<string, { handle: Recorded }> = {
  'webhook-delivered': await deliver(async () => ({
    kind: 'delivered',
    attempt: { ...attempt, status: 200 },
  })),
  'webhook-given-up': await deliver(async () => ({ kind: 'failed', attempt: { ...attempt, status: 500 } })),

  completed: await harness.run({}),
  'no-person-found': await harness.run({
    detectPersons: async () => ({ widthPx: 1, heightPx: 1, persons: [], timingsMs: {} }),
  }),
  'failed-three-times': await harness.run({
    async renderTalk() {
      throw ApplicationFailure.create({ type: 'SLOT_CRASHED', message: 'A slot crashed' });
    },
  }),
  cancelled: await harness.run(
    { renderTalk: beatForEver },
    {
      async during({ handle, calls }) {
        while (!calls.includes('renderTalk')) await sleep(20);
        await handle.cancel();
      },
    },
  ),
  'handed-back': await harness.run({ renderTalk: handBackTwice() }),
  'deadline-exceeded': await harness.run({ renderTalk: beatForEver }, { job: { deadline_s: 2 } }),
};

/** The activities of the workflows that are no jobs. */
const upkeep: EraseActivities &
  RetentionActivities &
  SelfTestActivities &
  Pick<RemoteTalkActivities, 'deleteRemote'> = {
  async endExecutions() {},
  async deleteRemote() {},
  async findRemote() {
    return [];
  },
  async eraseFiles() {
    return [];
  },
  async readLedger() {
    return { things: [{ provider: QUEUES.io, what: 'talk', id: 'talk-1' }], lostTalks: [] };
  },
  async deleteExecutions({ tidyUps }) {
    return { erased: [], tidyUps: tidyUps ? [] : [toTidyUpId('recorded', 1)] };
  },
  async untilEnded() {},
  async retainFiles() {
    const nothing = { files: 0, bytes: 0 };
    return {
      dry_run: false,
      started_at: attempt.at,
      duration_ms: 1,
      scanned: nothing,
      deleted: {
        uploads: nothing,
        processed: nothing,
        videos: nothing,
        temp: nothing,
        records: nothing,
        unknown: nothing,
        cache: nothing,
      },
      kept: { running: 0, held: 0 },
      swept: 0,
      errors: { count: 0, examples: [] },
    };
  },
  async testDetector() {
    return { score: 0.9, timings_ms: {} };
  },
  async testMatting() {
    return { score: 0.4, timings_ms: {} };
  },
};

/** What a job left at a provider whose breaker runs. */
const LEFTOVERS: Leftovers = {
  provider: {
    kind: 'remote',
    name: 'recorded',
    label: 'Recorded',
    queue: QUEUES.io,
    secondsPerCredit: 15,
    talkTimeoutSetting: 'RECORDED_TALK_TIMEOUT_S',
  },
  requestId: 'recorded',
  voiceS: 11,
  timeScale: 1,
  mayHaveUnknownTalk: false,
  hasPlace: true,
  talkId: 'talk-1',
  portrait: {
    id: 'portrait-1',
    url: 'https://example.org/portrait',
    uploadedAt: '2026-11-25T00:00:00.000Z',
  },
  attempt: 1,
};

/** A job that fails and leaves a retry window, which `end` then closes. */
async function leaveRetryWindow(
  end: (window: WorkflowHandle) => Promise<unknown>,
): Promise<{ handle: Recorded }> {
  let failures = 0;
  const { handle } = await harness.run(
    {
      async renderTalk(request) {
        failures += 1;
        if (failures === 1) {
          throw ApplicationFailure.create({
            type: 'SLOT_CRASHED',
            message: 'A slot crashed',
            nonRetryable: true,
          });
        }
        return happyActivities().renderTalk(request);
      },
    },
    { retryWindowS: 60 },
  );
  const taskId = taskIdOf(handle.workflowId)!;
  const window = server.client.workflow.getHandle(toRetryWindowId(taskId));
  await end(window);
  await window.result();
  // The retried job must end before the next one changes what the activities do. A closed window leaves a failed job.
  await Promise.allSettled([server.client.workflow.getHandle(handle.workflowId).result()]);
  return { handle: window };
}

/** The breaker never ends, so its history is taken while it runs. */
async function grantPlace(): Promise<{ handle: Recorded }> {
  const handle = await server.client.workflow.start(PROVIDER_BREAKER, {
    workflowId: toBreakerId('recorded'),
    taskQueue: QUEUES.pipeline,
    args: [],
  });
  const terms = { maxTalksInFlight: 1, talkTimeoutMs: 60_000, hasWebhook: false, timeScale: 1 };
  for (const [index, workflowId] of ['video/first', 'video/second'].entries()) {
    const message: GateMessage = { kind: 'ask', workflowId, askedAt: index, terms };
    await handle.signal(GATE_SIGNAL, [message]);
  }
  await handle.query(BREAKER_QUERY);
  return { handle };
}

runs['retry-window-retried'] = await leaveRetryWindow((window) =>
  window.executeUpdate<void, [string | null]>(RETRY_UPDATE, { args: [null] }),
);
runs['retry-window-closed'] = await leaveRetryWindow((window) => window.cancel());

await harness[Symbol.asyncDispose]();

const UNAVAILABLE: Fault = { kind: 'answer', status: 503, error: 'Unavailable' };

/** Jobs for a remote provider: one for each way that its part of the job can go. */
async function recordRemoteJobs(): Promise<void> {
  await using remote = await createDIdHarness(server);
  const breaker = () => server.client.workflow.getHandle(toBreakerId('d-id'));
  const record = async (name: string, ...[account, options]: Parameters<typeof remote.start>) => {
    const job = await remote.start(account, options);
    runs[`remote-${name}`] = job;
    if (name === 'cancelled') {
      while (job.account.talks.size === 0) await sleep(20);
      await job.handle.cancel();
    }
    await Promise.allSettled([job.handle.result()]);
    await remote.tidied(job);
    return job;
  };
  await record('video', {});
  await record('lost-talk', {
    faults: scriptedFaults({ createTalk: [{ kind: 'reset', after: true }] }),
    listDelayMs: 60,
  });
  await record('refused', {
    faults: scriptedFaults({ talk: [{ kind: 'ends', status: 'rejected', error: 'Celebrity' }] }),
  });
  await record('without-credits', { credits: 0 }, { on_outage: 'fail' });
  const { taskId } = await record('cancelled', { talkMs: () => 2_000 });
  runs['remote-tidy-up'] = { handle: server.client.workflow.getHandle(toTidyUpId(taskId, 1)) };
  remote.failOnce('downloadTalk', 'DEVICE_FAILED');
  const kept = await remote.start({}, {}, { retryWindowS: 60 });
  await Promise.allSettled([kept.handle.result()]);
  const window = server.client.workflow.getHandle(toRetryWindowId(kept.taskId));
  while (kept.account.calls.every(({ call }) => call !== 'download')) await sleep(20);
  // The video is stored then.
  while ((await window.describe()).raw.pendingActivities?.length) await sleep(20);
  await window.executeUpdate<unknown, [string | null]>(RETRY_UPDATE, { args: [null] });
  runs['remote-kept-talk'] = { handle: window };
  await server.client.workflow.getHandle(kept.handle.workflowId).result();
  await record('outage', { faults: scriptedFaults({ createTalk: Array(7).fill(UNAVAILABLE) }) });
  const opened = await breaker().fetchHistory();
  runs['remote-breaker'] = { handle: { fetchHistory: async () => opened } };
  // It would hold the next job.
  await breaker().terminate();
  await record(
    'degraded',
    { faults: scriptedFaults({ createTalk: Array(50).fill(UNAVAILABLE) }) },
    { on_outage: 'local' },
  );
}

/** A job whose provider reports changes, so that the job does not poll. */
async function recordRemoteWebhooks(): Promise<void> {
  await using remote = await createDIdHarness({ ...server, webhooks: true });
  const job = await remote.start({ talkMs: () => 200 });
  runs['remote-webhooks'] = job;
  await job.handle.result();
}

await recordRemoteJobs();
await recordRemoteWebhooks();

const gate = createGateActivities({ signals: createWorkflowSignals(server) });
const workers = await startWorkers(
  server,
  { ...upkeep, ...gate },
  {
    queues: [QUEUES.pipeline, QUEUES.io, QUEUES.yolo, QUEUES.birefnet],
  },
);
runs.breaker = await grantPlace();
for (const [name, type, argument] of [
  ['erase', ERASE_TASK, { taskId: '6f9619ff-8b86-4011-b42d-00c04fc964ff' }],
  ['retention', RETAIN_STORAGE, {}],
  ['self-test', SELF_TEST, 'person-detection'],
  ['tidy-up', 'tidyUpRemoteTalk', LEFTOVERS],
] as const) {
  const handle = await server.client.workflow.start(type, {
    workflowId: name,
    taskQueue: QUEUES.pipeline,
    args: [argument],
  });
  await handle.result();
  runs[name] = { handle };
}

const { History } = proto.temporal.api.history.v1;
for (const [name, { handle }] of Object.entries(runs)) {
  const history = await handle.fetchHistory();
  forgetMachine(history);
  const bytes = History.encode(history).finish();
  await writeFile(join(import.meta.dirname, 'histories', `${name}.pb`), bytes);
}

/** Removes host names and stack traces, which replay does not compare. */
function forgetMachine(part: unknown): void {
  if (typeof part !== 'object' || part === null || ArrayBuffer.isView(part)) return;
  for (const [key, value] of Object.entries(part)) {
    if (typeof value === 'string') {
      Object.assign(part, { [key]: key === 'stackTrace' ? '' : value.replaceAll(hostname(), 'host') });
    } else {
      forgetMachine(value);
    }
  }
}

await workers[Symbol.asyncDispose]();
