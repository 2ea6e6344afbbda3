import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readMessages, type SseMessage, stageEvents } from '../harness/api/event-reader.ts';
import { submit } from '../harness/api/submit.ts';
import { startTestPipeline } from '../harness/api/test-pipeline.ts';

const { api, worker } = await startTestPipeline();

const follow = (tasks: string, headers: Record<string, string> = {}) =>
  fetch(`${api.url}/api/pipeline/progress?tasks=${tasks}`, { headers });
const seqsOf = (messages: SseMessage[], id: string) =>
  stageEvents(messages)
    .filter(({ task_id }) => task_id === id)
    .map(({ seq }) => seq);
const ends = (messages: SseMessage[]) =>
  messages.filter(({ event }) => event === 'end').map(({ data }) => data as object);
const ALL = Array.from({ length: 11 }, (_, index) => index + 1);

describe('GET /api/pipeline/progress', () => {
  it('sends the events of several tasks over one connection, each to its end, and then ends', async () => {
    using held = worker.hold('renderTalk');
    const [first, second] = await Promise.all([submit(api), submit(api, { fields: { background: 'blur' } })]);
    const reading = follow(`${first.taskId},${second.taskId}:3`).then((answer) => {
      expect(answer.headers.get('content-type')).toBe('text/event-stream');
      return readMessages(answer);
    });
    await expect.poll(() => held.reached()).toBe(2);
    held.release();

    const messages = await reading;
    expect(seqsOf(messages, first.taskId)).toEqual(ALL);
    expect(seqsOf(messages, second.taskId)).toEqual(ALL.slice(3));
    expect(ends(messages)).toHaveLength(2);
    expect(ends(messages)).toEqual(
      expect.arrayContaining([{ task_id: first.taskId }, { task_id: second.taskId }]),
    );
    await expect.poll(() => api.hub.watching).toBe(0);
  });

  it('reports the end of tasks that do not exist or whose last event the client has', async () => {
    const { taskId } = await submit(api);
    await readMessages(await follow(taskId));
    const unknown = randomUUID();

    const messages = await readMessages(await follow(`${unknown},${taskId}:11`));
    expect(stageEvents(messages)).toEqual([]);
    expect(ends(messages)).toEqual(
      expect.arrayContaining([{ task_id: unknown, code: 'TASK_NOT_FOUND' }, { task_id: taskId }]),
    );
  });

  it('leaves every task when its reader leaves', async () => {
    using held = worker.hold('renderTalk');
    const tasks = await Promise.all([submit(api), submit(api, { fields: { background: 'blur' } })]);
    const abort = new AbortController();
    await fetch(`${api.url}/api/pipeline/progress?tasks=${tasks.map(({ taskId }) => taskId)}`, {
      signal: abort.signal,
    });
    expect(api.hub.watching).toBe(2);
    abort.abort();
    await expect.poll(() => api.hub.watching).toBe(0);
    held.release();
  });

  it.each([
    ['', 'expected 1 to 100 task ids'],
    ['me', 'expected the UUID of a task but received \\"me\\"'],
    [`${randomUUID()}:x`, 'expected the number of an event'],
    [Array.from({ length: 101 }, () => randomUUID()).join(), 'expected 1 to 100 task ids'],
  ])('refuses %s', async (tasks, said) => {
    const answer = await follow(tasks);
    expect(answer.status).toBe(422);
    expect(await answer.text()).toContain(said);
  });

  // Must be last: once there is a key, the server requires one.
  it('shows a key only its own tasks', async () => {
    const { taskId } = await submit(api);
    await readMessages(await follow(taskId));
    const key = await api.keys.create('somebody-else', ['read']);
    const messages = await readMessages(await follow(taskId, { Authorization: `Bearer ${key}` }));
    expect(stageEvents(messages)).toEqual([]);
    expect(ends(messages)).toEqual([{ task_id: taskId, code: 'TASK_NOT_FOUND' }]);
  });
});
