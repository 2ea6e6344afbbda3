import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { jobForm } from '../harness/api/job-form-data.ts';
import { type Submitted, submit } from '../harness/api/submit.ts';
import { startTestApi } from '../harness/api/test-api.ts';
import { fileResources } from '../harness/file-resources.ts';
import { openTestNamespace } from '../harness/temporal-server.ts';

const SUBMITS = 1_000;

const form = new Response(jobForm());
const CONTENT_TYPE = form.headers.get('content-type')!;
const BODY = new Uint8Array(await form.arrayBuffer());

const resources = fileResources();
const server = resources.use(await openTestNamespace());
const api = resources.use(await startTestApi(server.client, { access: { rate: { perS: 1e6, burst: 1e6 } } }));

/** Comes back as long as the API asks for it. */
async function submitUntilAccepted(key: string): Promise<Submitted['body']> {
  const headers = { 'Content-Type': CONTENT_TYPE, 'Idempotency-Key': key };
  const deadline = Date.now() + 90_000;
  while (Date.now() < deadline) {
    const answer = await submit(api, { body: BODY, headers }).catch(() => undefined);
    if (answer?.status === 202) return answer.body;
    await sleep(250);
  }
  throw new Error('The API never accepted the submission');
}

it(`makes one workflow of ${SUBMITS} submissions at once with one key, and answers all of them alike`, async () => {
  const key = randomUUID();

  const answers = await Promise.all(Array.from({ length: SUBMITS }, () => submitUntilAccepted(key)));

  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  const taskId = answers[0]!.task_id;
  const runs = await Array.fromAsync(
    server.client.workflow.list({ query: `WorkflowId = 'video/${taskId}'` }),
  );
  expect(runs).toHaveLength(1);
  // Photo and voice, once.
  expect(await Array.fromAsync(api.store.list('uploads/'))).toHaveLength(2);
}, 120_000);
