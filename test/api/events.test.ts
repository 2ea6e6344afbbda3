import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { readMessages, type SseMessage, seqs, stageEvents } from '../harness/api/event-reader.ts';
import { submit } from '../harness/api/submit.ts';
import { startTestPipeline } from '../harness/api/test-pipeline.ts';

const { server, api, worker } = await startTestPipeline({ commentIntervalMs: 200 });

const ALL = Array.from({ length: 11 }, (_, index) => index + 1);

function follow(taskId: string, query = '', headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${api.url}/api/pipeline/progress/${taskId}/events${query}`, { headers });
}

async function untilRendering(taskId: string): Promise<void> {
  const rendering = (messages: SseMessage[]) => seqs(messages).includes(8);
  await readMessages(await follow(taskId), rendering);
}

describe('GET /api/pipeline/progress/{task_id}/events', () => {
  it('sends every stage in order and ends after the last one', async () => {
    const { taskId } = await submit(api);

    const answer = await follow(taskId);
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    const messages = await readMessages(answer);

    expect(seqs(messages)).toEqual(ALL);
    const stages = messages.filter(({ event }) => event === undefined);
    expect(stages.map(({ id }) => Number(id))).toEqual(ALL);
    expect(stageEvents(messages).at(-1)?.data).toMatchObject({ stage: 'COMPLETED', progress_percent: 100 });
  });

  it('sends the events of a job that Temporal has forgotten from its record', async () => {
    const { taskId } = await submit(api);
    const live = stageEvents(await readMessages(await follow(taskId)));
    const forgotten = randomUUID();
    const record = await api.records.read(taskId);
    await api.records.write({ ...record!, task_id: forgotten });

    expect(stageEvents(await readMessages(await follow(forgotten)))).toEqual(live);
  });

  it('sends fifty readers that reconnect every event once', async () => {
    using held = worker.hold('removeBackground');
    const { taskId } = await submit(api);

    const readers = Array.from({ length: 50 }, async (_, index) => {
      const first = await readMessages(await follow(taskId), (messages) => seqs(messages).length > index % 5);
      if (index === 49) setTimeout(() => held.release(), 100);
      await sleep((index * 7) % 200);
      const last = seqs(first).at(-1)!;
      const rest = await readMessages(await follow(taskId, '?since=0', { 'Last-Event-ID': String(last) }));
      return [...seqs(first), ...seqs(rest)];
    });

    for (const reader of await Promise.all(readers)) {
      expect(reader).toEqual(ALL);
    }
  });

  it('watches a task once for all readers, and stops when they have left', async () => {
    using held = worker.hold('renderTalk');
    const { taskId } = await submit(api);
    await untilRendering(taskId);
    const abort = new AbortController();
    const { url } = api;
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        fetch(`${url}/api/pipeline/progress/${taskId}/events`, { signal: abort.signal }),
      ),
    );
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(api.hub.watching).toBe(1);

    abort.abort();

    await expect.poll(() => api.hub.watching).toBe(0);
    held.release();
  });

  it('responds to HEAD without following the task', async () => {
    using held = worker.hold('renderTalk');
    const { taskId } = await submit(api);
    await untilRendering(taskId);

    const url = `${api.url}/api/pipeline/progress/${taskId}/events`;
    const { status, headers } = await fetch(url, { method: 'HEAD' });

    expect([status, headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    await expect.poll(() => api.hub.watching).toBe(0);
    held.release();
  });

  it('starts after ?since', async () => {
    const { taskId } = await submit(api);

    expect(seqs(await readMessages(await follow(taskId, '?since=9')))).toEqual([10, 11]);
    const empty = await follow(taskId, '?since=9', { 'Last-Event-ID': '' });
    expect(seqs(await readMessages(empty))).toEqual([10, 11]);
  });

  it('responds 204 to a reader that has the last event, so that an EventSource stops', async () => {
    const { taskId } = await submit(api);
    await readMessages(await follow(taskId));

    expect((await follow(taskId, '', { 'Last-Event-ID': '11' })).status).toBe(204);
  });

  it('sends the progress of the long stage without an id', async () => {
    using held = worker.hold('renderTalk');
    const { taskId } = await submit(api);

    const progress = (messages: SseMessage[]) =>
      messages.filter(({ event }) => event === 'activity_progress');
    const messages = await readMessages(await follow(taskId), (so_far) => progress(so_far).length === 2);
    held.release();

    const [first, second] = progress(messages).map(({ data }) => data.data as { details: { frame: number } });
    expect(second!.details.frame).toBeGreaterThan(first!.details.frame);
    expect(progress(messages)[0]).toMatchObject({
      data: { task_id: taskId, event_type: 'activity_progress', data: { stage: 'DID_PROCESSING' } },
    });
    expect(seqs(await readMessages(await follow(taskId)))).toEqual(ALL);
  });

  it('sends keep-alives while nothing happens', async () => {
    using held = worker.hold('detectPersons');
    const { taskId } = await submit(api);

    const answer = await follow(taskId);
    let text = '';
    for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      if (text.match(/event: heartbeat/g)?.length === 2) break;
    }
    held.release();

    expect(text.startsWith('retry: 1000\n\n')).toBe(true);
    expect(text.match(/^: /gm)?.length).toBeGreaterThanOrEqual(3);
  });

  it('waits for a task that is not submitted yet if the client asks for it', async () => {
    const taskId = randomUUID();
    using looksFor = vi.spyOn(api.jobs, 'describe');
    const early = follow(taskId, '?wait=20');
    await expect.poll(() => looksFor.mock.calls.length).toBeGreaterThan(0);
    await submit(api, { taskId });

    expect(seqs(await readMessages(await early))).toEqual(ALL);
  });

  it('refuses unknown tasks and invalid event numbers', async () => {
    expect((await follow(randomUUID())).status).toBe(404);
    expect((await follow('no-uuid')).status).toBe(404);
    expect((await follow(randomUUID(), '?since=new')).status).toBe(422);
    expect((await follow(randomUUID(), '?since=')).status).toBe(422);
  });

  it('ends with FAILED if an administrator terminated the workflow', async () => {
    using held = worker.hold('renderTalk');
    const { taskId } = await submit(api);
    await untilRendering(taskId);
    const messages = follow(taskId).then((answer) => readMessages(answer));
    await server.client.workflow.getHandle(`video/${taskId}`).terminate('by a test');

    const last = stageEvents(await messages).at(-1);
    held.release();
    expect(last).toMatchObject({ seq: 9, data: { stage: 'FAILED', progress_percent: 75 } });
    expect(last?.data.message).toContain('operator');
  });
});
