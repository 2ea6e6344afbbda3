/**
 * `node test/replay/record-histories.ts`: runs jobs that end in each way on a real server, with activities that answer at
 * once, and writes their histories. For a release: add its histories under names of their own.
 */
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Context, heartbeat } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import proto from '@temporalio/proto';
import type { WebhookActivities } from '../../src/activities/webhooks.ts';
import { QUEUES } from '../../src/contracts/queues.ts';
import type { WebhookMessage } from '../../src/contracts/schemas/webhook.ts';
import { DELIVER_WEBHOOK, toDeliveryWorkflowId } from '../../src/contracts/webhook.ts';
import { createHarness, type PipelineRun } from '../harness/pipeline-harness.ts';
import { startTestServer } from '../harness/temporal-server.ts';

const beatForEver = async (): Promise<never> => {
  for (;;) {
    heartbeat();
    await Context.current().sleep(50);
  }
};

await using server = await startTestServer();
await using harness = await createHarness(server);
type Recorded = Pick<PipelineRun['handle'], 'fetchHistory'>;

/** A webhook, beside a job that is told of nothing. */
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
  'nobody-found': await harness.run({
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
  'deadline-exceeded': await harness.run({ renderTalk: beatForEver }, { job: { deadline_s: 2 } }),
};
const { History } = proto.temporal.api.history.v1;
for (const [name, { handle }] of Object.entries(runs)) {
  const history = await handle.fetchHistory();
  forgetMachine(history);
  const bytes = History.encode(history).finish();
  await writeFile(join(import.meta.dirname, 'histories', `${name}.pb`), bytes);
}

/** Host names, process ids and paths are nobody's business, and replay does not look at them. */
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
