import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createLimelightClient, type LimelightClient } from '../../src/client/limelight-client.ts';
import { CHECK_CANCEL_UPDATE, toRunTimeoutMs, toWorkflowId } from '../../src/contracts/messages.ts';
import { toRetryWindowId } from '../../src/contracts/retry.ts';
import type { JobFailure, Person } from '../../src/contracts/schemas/job-outcome.ts';
import type { TaskStatus } from '../../src/contracts/schemas/task-status.ts';
import { PipelineError } from '../../src/errors.ts';
import { PATIENCE_MS } from '../../src/workflows/storage-wait.ts';
import { submit } from '../harness/api/submit.ts';
import { startTestPipeline } from '../harness/api/test-pipeline.ts';

const ONE: Person = { id: 1, confidence: 0.9, box: [1, 1, 60, 60] };
const TWO: Person = { id: 2, confidence: 0.8, box: [2, 2, 40, 40] };

const { server, api, worker } = await startTestPipeline({ defaults: { retryWindowS: 60 } });
let client: LimelightClient;

beforeAll(async () => {
  client = createLimelightClient({ baseUrl: api.url });
});

/** Resolves when the task's events ask for a person. */
async function untilAsked(taskId: string): Promise<void> {
  for await (const { data } of client.events(taskId)) {
    if (data.details?.waiting_for === 'person') return;
  }
  throw new Error('The task ended without asking');
}

/** A task that has failed and whose next attempt succeeds. */
async function submitFailing() {
  const broken = worker.fail('renderTalk', new PipelineError('MODEL_INVALID', 'The model is broken'));
  const { taskId } = await submit(api);
  const failure = await client.wait(taskId);
  broken.release();
  return { taskId, failure };
}

/** Lets no record of the task be written until `release`, so that no attempt begins or ends. */
function holdRecords(taskId: string): { release(): void } {
  const held = Promise.withResolvers<void>();
  const { write } = api.records;
  onTestFinished(() => {
    api.records.write = write;
    held.resolve();
  });
  api.records.write = async (metadata) => {
    if (metadata.task_id === taskId) await held.promise;
    return write(metadata);
  };
  return { release: held.resolve };
}

describe('POST /api/pipeline/tasks/{task_id}/person', () => {
  it('chooses the person that the task waits for', async () => {
    worker.findPersons([ONE, TWO]);
    const { taskId } = await submit(api, { fields: { persons: 'ask' } });
    await untilAsked(taskId);

    expect(await client.status(taskId)).toMatchObject({
      stage: 'DETECTION_COMPLETE',
      message: 'Detected 2 people: choose one of them',
      choice: { persons: [ONE, TWO] },
    });
    await client.choosePerson(taskId, 2);
    const outcome = await client.wait(taskId);

    expect(outcome).toMatchObject({
      success: true,
      metadata: { person_detection: { selected_person_id: 2, total_persons: 2 } },
    });
  });

  it('has no estimated end while the task waits for it', async () => {
    worker.findPersons([ONE, TWO]);
    const eta = async () => (await client.status(taskId)).eta;
    const { taskId } = await submit(api, { fields: { persons: 'ask' } });
    await untilAsked(taskId);
    using held = worker.hold('removeBackground');

    expect(await eta()).toBeUndefined();
    await client.choosePerson(taskId, 2);
    await expect
      .poll(() => client.status(taskId), { timeout: 10_000 })
      .toMatchObject({ stage: 'BACKGROUND_REMOVAL_RUNNING', eta: { p50: expect.any(String) } });

    held.release();
    await client.wait(taskId);
  });

  it('refuses an invalid choice with a reason, and keeps waiting', async () => {
    worker.findPersons([ONE, TWO]);
    const { taskId } = await submit(api, { fields: { persons: 'ask' } });
    await untilAsked(taskId);
    using held = worker.hold('removeBackground');

    await expect(client.choosePerson(taskId, 3)).rejects.toMatchObject({
      code: 'PERSON_CHOICE_INVALID',
      message: expect.stringContaining('Choose a number from 1 to 2'),
    });
    await expect(client.choosePerson(taskId, 0)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await client.choosePerson(taskId, 1);
    // Its answer may have got lost.
    await client.choosePerson(taskId, 1);
    await expect(client.choosePerson(taskId, 2)).rejects.toMatchObject({
      code: 'PERSON_NOT_ASKED',
      message: 'Person #1 is already chosen.',
    });
    held.release();
    await client.wait(taskId);
    await expect(client.choosePerson(taskId, 1)).rejects.toMatchObject({ code: 'TASK_ENDED' });
  });

  it('is refused for tasks that do not ask', async () => {
    using held = worker.hold('renderTalk');
    const { taskId } = await submit(api);
    await expect(client.choosePerson(taskId, 1)).rejects.toMatchObject({
      code: 'PERSON_NOT_ASKED',
      message: 'This task does not ask: it was submitted with persons=auto.',
    });
    await expect(client.choosePerson(randomUUID(), 1)).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' });
    held.release();
    await client.wait(taskId);
  });

  it('is not needed if there is one person', async () => {
    worker.findPersons([ONE]);

    expect(await client.wait((await submit(api, { fields: { persons: 'ask' } })).taskId)).toMatchObject({
      success: true,
    });
  });
});

describe('POST /api/pipeline/tasks/{task_id}/retry', () => {
  const stateOfWindow = async (taskId: string) =>
    (await server.client.workflow.getHandle(toRetryWindowId(taskId)).describe()).status.name;

  it('continues a failed task, and its events', async () => {
    const { taskId, failure } = await submitFailing();

    const status = await client.retry(taskId, { from: 'provider' });
    const seqs: number[] = [];
    const outcome = await client.wait(taskId, {
      onEvent: (event) => event.event_type === 'stage_update' && seqs.push(event.seq),
    });

    expect(failure).toMatchObject({ success: false, error: { retry: { from: expect.any(Array) } } });
    expect(status.error).toBeUndefined();
    expect(outcome).toMatchObject({ success: true });
    expect(seqs).toEqual(seqs.map((_, index) => index + 1));
    expect(await client.status(taskId)).toMatchObject({ stage: 'COMPLETED' });
    expect((await client.download(taskId)).status).toBe(200);
  });

  it('says why a task cannot be retried', async () => {
    using held = worker.hold('renderTalk');
    const { taskId: running } = await submit(api);
    await expect(client.retry(running)).rejects.toMatchObject({ code: 'TASK_RUNNING' });
    held.release();
    await client.wait(running);
    const refused = worker.fail(
      'prepareMedia',
      new PipelineError('AUDIO_SILENT', 'The recording is silent.'),
    );
    const { taskId: hopeless } = await submit(api);
    await client.wait(hopeless);
    refused.release();

    await expect(client.retry(running)).rejects.toMatchObject({ code: 'RETRY_IMPOSSIBLE' });
    await expect(client.retry(hopeless)).rejects.toMatchObject({
      code: 'RETRY_IMPOSSIBLE',
      message: expect.stringContaining('The recording is silent.'),
    });
    await expect(client.retry(randomUUID())).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' });
    await expect(client.retry(hopeless, { from: 'nowhere' as never })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
  });

  it('accepts a retry before the failed attempt has closed, and says that the task waits for that', async () => {
    const broken = worker.fail('renderTalk', new PipelineError('MODEL_INVALID', 'The model is broken'));
    const recorded = Promise.withResolvers<void>();
    const write = api.records.write;
    onTestFinished(() => {
      api.records.write = write;
      recorded.resolve();
    });
    let isFailing = false;
    api.records.write = async (metadata) => {
      if (metadata.task_id === taskId && metadata.outcome?.success === false) {
        isFailing = true;
        await recorded.promise;
      }
      return write(metadata);
    };
    const { taskId } = await submit(api);
    await expect.poll(() => isFailing).toBe(true);
    broken.release();

    const status = await client.retry(taskId);
    recorded.resolve();

    expect(status).toMatchObject({ stage: 'DID_PROCESSING', message: expect.stringContaining('as soon as') });
    expect(status.error).toBeUndefined();
    await expect.poll(async () => (await client.status(taskId)).stage, { timeout: 20_000 }).toBe('COMPLETED');
  });

  it('returns the running task if the same retry is asked for again', async () => {
    const { taskId } = await submitFailing();
    using held = worker.hold('renderTalk');
    await client.retry(taskId);
    await expect.poll(held.reached).toBe(1);
    await expect.poll(() => stateOfWindow(taskId)).toBe('COMPLETED');

    for (const again of [{}, { from: 'provider' as const }]) {
      const status = await client.retry(taskId, again);
      expect(status).toMatchObject({ stage: 'DID_PROCESSING' });
      expect(status.error).toBeUndefined();
    }
    await expect(client.retry(taskId, { from: 'upload' as never })).rejects.toMatchObject({
      code: 'TASK_RUNNING',
    });
    held.release();
    expect(await client.wait(taskId)).toMatchObject({ success: true });
    expect(held.reached()).toBe(1);
  });

  it('continues once for all requests with the same key, even if the task fails again between them', async () => {
    const broken = worker.fail('renderTalk', new PipelineError('MODEL_INVALID', 'The model is broken'));
    const { taskId } = await submit(api);
    await client.wait(taskId);
    const retry = async (key: string) => {
      const answer = await fetch(`${api.url}/api/pipeline/tasks/${taskId}/retry`, {
        method: 'POST',
        headers: { 'Idempotency-Key': key },
      });
      return { status: answer.status, body: (await answer.json()) as TaskStatus };
    };
    expect((await retry('first')).status).toBe(202);
    // A reader that comes after the answer gets the end of the next attempt.
    const { error } = (await client.wait(taskId)) as JobFailure;

    const repeated = await retry('first');

    expect(repeated).toMatchObject({ status: 202, body: { stage: 'FAILED', error: { retry: error.retry } } });
    broken.release();
    expect(await retry('second')).toMatchObject({ status: 202 });
    expect(await client.wait(taskId)).toMatchObject({ success: true });
    for (const key of ['first', 'second']) {
      expect(await retry(key)).toMatchObject({ status: 202, body: { stage: 'COMPLETED' } });
    }
    expect(await retry('third')).toMatchObject({ status: 409 });
    expect(await retry('x'.repeat(256))).toMatchObject({ status: 422 });
  });

  it('is seen by readers and in the status from its acceptance on, before the next attempt begins', async () => {
    const { taskId } = await submitFailing();
    const { seq: last } = (await api.records.read(taskId))!.events.at(-1)!;
    const records = holdRecords(taskId);

    const retrying = client.retry(taskId);
    await expect.poll(() => api.jobs.isRetried(taskId)).toBe(true);
    const status = await client.status(taskId);
    const events = await fetch(`${api.url}/api/pipeline/progress/${taskId}/events`, {
      headers: { 'Last-Event-ID': String(last) },
    });
    const seqs: number[] = [];
    const waiting = client.wait(taskId, {
      onEvent: (event) => event.event_type === 'stage_update' && seqs.push(event.seq),
    });
    records.release();

    expect(status).toMatchObject({ stage: 'DID_PROCESSING', message: expect.stringContaining('as soon as') });
    expect(status.error).toBeUndefined();
    expect(events.status).toBe(200);
    expect(await waiting).toMatchObject({ success: true });
    expect(seqs).toEqual(seqs.map((_, index) => index + 1));
    expect(await events.text()).toContain(`id: ${last + 1}\n`);
    await retrying;
  });

  it('continues once if there are concurrent requests', async () => {
    const { taskId } = await submitFailing();
    using held = worker.hold('renderTalk');

    const answers = await Promise.allSettled(Array.from({ length: 5 }, () => client.retry(taskId)));
    await expect.poll(held.reached).toBe(1);
    held.release();

    expect(answers.some(({ status }) => status === 'fulfilled')).toBe(true);
    expect(await client.wait(taskId)).toMatchObject({ success: true });
    expect(held.reached()).toBe(1);
  });
});

describe('POST /api/pipeline/tasks/{task_id}/cancel', () => {
  it('cancels the execution and undoes everything', async () => {
    using held = worker.hold('renderTalk');
    const { taskId } = await submit(api);
    await expect.poll(held.reached).toBe(1);

    await client.cancel(taskId);

    expect(await client.wait(taskId)).toMatchObject({ error: { code: 'TASK_CANCELLED' } });
    await expect.poll(async () => (await api.jobs.describe(taskId)).status).toBe('cancelled');
    held.release();
  });

  it('reaches a retry that is accepted, although its failed attempt has closed', async () => {
    const { taskId } = await submitFailing();
    using held = worker.hold('renderTalk');
    const records = holdRecords(taskId);
    const retrying = client.retry(taskId).catch(() => undefined);
    await expect.poll(() => api.jobs.isRetried(taskId)).toBe(true);

    await client.cancel(taskId);
    records.release();

    expect(await client.wait(taskId)).toMatchObject({ error: { code: 'TASK_CANCELLED' } });
    held.release();
    await retrying;
  });

  it('is Temporal’s own cancellation, so a caller that dies after it has cancelled the task', async () => {
    using held = worker.hold('renderTalk');
    const { taskId } = await submit(api);
    await expect.poll(held.reached).toBe(1);
    const execution = server.client.workflow.getHandle(toWorkflowId(taskId));

    // Only asks whether it would be too late.
    await execution.executeUpdate(CHECK_CANCEL_UPDATE);
    expect((await api.jobs.describe(taskId)).status).toBe('running');
    await execution.cancel();

    expect(await client.wait(taskId)).toMatchObject({ error: { code: 'TASK_CANCELLED' } });
    await expect.poll(async () => (await api.jobs.describe(taskId)).status).toBe('cancelled');
  });

  it('refuses with a reason if the video is finished', async () => {
    const { taskId } = await submit(api);
    let refused: unknown;
    const { write } = api.records;
    onTestFinished(() => {
      api.records.write = write;
    });
    api.records.write = async (metadata) => {
      if (metadata.task_id === taskId && metadata.outcome) {
        refused = await client.cancel(taskId).catch((error) => error);
      }
      return write(metadata);
    };

    const outcome = await client.wait(taskId);

    expect(outcome).toMatchObject({ success: true });
    expect(refused).toMatchObject({ code: 'TASK_ENDED', message: expect.stringContaining('too late') });
  });
});

describe('Temporal ends a job that does not end by itself', () => {
  const DEADLINE_S = 120;
  /** Undo steps and last records of a job, each of which may wait for the storage. */
  const WAITS = 10;

  async function runTimeoutMs(taskId: string): Promise<number> {
    const { events } = await server.client.workflow.getHandle(toWorkflowId(taskId)).fetchHistory();
    const started = events?.[0]?.workflowExecutionStartedEventAttributes;
    return Number(started?.workflowRunTimeout?.seconds) * 1000;
  }

  it('after its deadline and everything that it may wait for then, in a retry too', async () => {
    const broken = worker.fail('renderTalk', new PipelineError('MODEL_INVALID', 'The model is broken'));
    const { taskId } = await submit(api, { fields: { deadline_s: String(DEADLINE_S) } });
    await client.wait(taskId);
    const submitted = await runTimeoutMs(taskId);
    broken.release();
    await client.retry(taskId);
    await client.wait(taskId);

    expect(submitted).toBe(toRunTimeoutMs({ deadline_s: DEADLINE_S }));
    expect(submitted).toBeGreaterThanOrEqual(DEADLINE_S * 1000 + WAITS * PATIENCE_MS);
    expect(await runTimeoutMs(taskId)).toBe(submitted);
  });
});

describe('DELETE /api/pipeline/tasks/{task_id}', () => {
  it('erases files, record and execution, and returns a receipt that lists each', async () => {
    const { taskId } = await submit(api);
    await client.wait(taskId);
    const files = (await api.files()).filter((path) => path.includes(taskId));

    const receipt = await client.erase(taskId);

    expect(files.length).toBeGreaterThan(5);
    expect(receipt.erased.filter(({ kind }) => kind === 'file').map(({ name }) => name)).toEqual(
      expect.arrayContaining([`videos/${taskId}/video.mp4`, `videos/${taskId}/metadata.json`]),
    );
    expect(receipt.erased.filter(({ kind }) => kind === 'execution').map(({ name }) => name)).toEqual([
      expect.stringMatching(`^video/${taskId} \\(run `),
    ]);
    expect((await api.files()).filter((path) => path.includes(taskId))).toEqual([]);
    await expect
      .poll(() => client.status(taskId).catch((error) => error.code), { timeout: 10_000 })
      .toBe('TASK_NOT_FOUND');
    // Whose answer got lost asks again.
    expect(await client.erase(taskId)).toEqual(receipt);
  });

  it('stops a running task first', async () => {
    using held = worker.hold('renderTalk');
    const { taskId } = await submit(api);
    await expect.poll(held.reached, { timeout: 20_000 }).toBe(1);

    const receipt = await client.erase(taskId);
    held.release();

    expect(receipt.erased.map(({ name }) => name)).toContain(`videos/${taskId}/metadata.json`);
    expect((await api.files()).filter((path) => path.includes(taskId))).toEqual([]);
  });

  it('goes on without the client that asked for it', async () => {
    const { taskId } = await submit(api);
    await client.wait(taskId);
    const reached = Promise.withResolvers<void>();
    const mayGoOn = Promise.withResolvers<void>();
    const { deleteAll } = api.store;
    onTestFinished(() => {
      api.store.deleteAll = deleteAll;
      mayGoOn.resolve();
    });
    api.store.deleteAll = async (prefix) => {
      if (prefix.includes(taskId)) {
        reached.resolve();
        await mayGoOn.promise;
      }
      return deleteAll(prefix);
    };
    const leave = new AbortController();

    const erasing = client.erase(taskId, { signal: leave.signal });
    await reached.promise;
    leave.abort(new Error('The client has left'));
    await expect(erasing).rejects.toThrow('The client has left');
    mayGoOn.resolve();

    await expect
      .poll(async () => (await api.files()).filter((path) => path.includes(taskId)), { timeout: 10_000 })
      .toEqual([]);
  });

  it('closes the retry window of a failed task', async () => {
    const { taskId } = await submitFailing();

    const receipt = await client.erase(taskId);

    expect(receipt.erased.map(({ name }) => name)).toContainEqual(expect.stringContaining('retry-window/'));
    expect((await api.files()).filter((path) => path.includes(taskId))).toEqual([]);
  });

  it('responds 404 for an unknown task', async () => {
    await expect(client.erase(randomUUID())).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' });
  });
});

describe('GET /api/pipeline/tasks', () => {
  it('lists tasks newest first, in pages and by status', async () => {
    const { taskId: first } = await submit(api);
    await client.wait(first);
    const refused = worker.fail(
      'prepareMedia',
      new PipelineError('AUDIO_SILENT', 'The recording is silent.'),
    );
    const { taskId: second } = await submit(api);
    await client.wait(second);
    refused.release();
    const newest = async () => (await client.list({ limit: 2 })).tasks;
    await expect
      .poll(async () => (await newest()).map(({ status }) => status), { timeout: 10_000 })
      .toEqual(['failed', 'completed']);

    const page = await client.list({ limit: 1 });
    const next = await client.list({ limit: 1, cursor: page.next_cursor! });

    expect(page.tasks).toEqual([
      {
        task_id: second,
        name: 'image',
        stage: 'FAILED',
        status: 'failed',
        error_code: 'AUDIO_SILENT',
        provider: 'local',
        submitted_at: expect.any(String),
        ended_at: expect.any(String),
      },
    ]);
    expect(next.tasks.map(({ task_id }) => task_id)).toEqual([first]);
    const failed = await client.list({ status: 'failed', limit: 100 });
    expect(new Set(failed.tasks.map(({ status }) => status))).toEqual(new Set(['failed']));
  });

  it('puts the task that was submitted last first, whichever ends or is retried last', async () => {
    using held = worker.hold('renderTalk');
    const { taskId: slow } = await submit(api);
    await expect.poll(held.reached, { timeout: 10_000 }).toBe(1);
    const broken = worker.fail('detectPersons', new PipelineError('MODEL_INVALID', 'The model is broken'));
    const { taskId: retried, body } = await submit(api);
    await client.wait(retried);
    broken.release();
    const { taskId: last } = await submit(api);
    const newest = async () => (await client.list({ limit: 3 })).tasks;
    const ids = async () => (await newest()).map(({ task_id }) => task_id);
    await expect.poll(ids, { timeout: 10_000 }).toEqual([last, retried, slow]);

    await client.retry(retried);
    held.release();
    await Promise.all([client.wait(last), client.wait(slow), client.wait(retried)]);

    const ended = async () => (await newest()).map(({ status }) => status);
    await expect.poll(ended, { timeout: 10_000 }).toEqual(['completed', 'completed', 'completed']);
    expect(await ids()).toEqual([last, retried, slow]);
    expect((await newest())[1]).toMatchObject({ submitted_at: body.submitted_at });
    const failed = await client.list({ status: 'failed', limit: 100 });
    expect(failed.tasks.map(({ task_id }) => task_id)).not.toContain(retried);
  });

  it('leads through all tasks by its cursors, each once, although new ones arrive meanwhile', async () => {
    const submitted = await Promise.all(Array.from({ length: 11 }, () => submit(api)));
    await Promise.all(submitted.map(({ taskId }) => client.wait(taskId)));
    const all = async () => (await client.list({ limit: 100 })).tasks;
    await expect
      .poll(async () => (await all()).map(({ task_id }) => task_id), { timeout: 10_000 })
      .toEqual(expect.arrayContaining(submitted.map(({ taskId }) => taskId)));
    const expected = await all();

    const listed: typeof expected = [];
    let cursor: string | undefined;
    do {
      const page = await client.list({ limit: 7, ...(cursor && { cursor }) });
      listed.push(...page.tasks);
      cursor = page.next_cursor;
      if (listed.length === 7) await submit(api);
    } while (cursor);

    expect(listed.map(({ task_id }) => task_id)).toEqual(expected.map(({ task_id }) => task_id));
    const times = listed.map(({ submitted_at }) => submitted_at);
    expect(times).toEqual(times.toSorted().reverse());
  });

  it.each([['nonsense'], ['bm8'], ['MQ'], ['W10'], ['eyJTdGFydFRpbWUiOjV9']])(
    'refuses the cursor %s',
    async (cursor) => {
      await expect(client.list({ cursor })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    },
  );
});
