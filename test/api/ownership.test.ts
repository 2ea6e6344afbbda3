import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { taskKeys } from '../../src/contracts/task-keys.ts';
import { submit } from '../harness/api/submit.ts';
import { startTestApi, type TestApi } from '../harness/api/test-api.ts';
import { startTestPipeline } from '../harness/api/test-pipeline.ts';
import { fileResources } from '../harness/file-resources.ts';

const { server, api, worker } = await startTestPipeline();
const resources = fileResources();
/** Another process over the same store and Temporal. */
const second = resources.use(await startTestApi(server.client, { store: api.store }));
const secrets = {
  acme: await api.keys.create('acme', ['submit', 'read']),
  other: await api.keys.create('other', ['submit', 'read']),
  boss: await api.keys.create('boss', ['admin']),
};
type Name = keyof typeof secrets;

const headers = (name: Name) => ({ Authorization: `Bearer ${secrets[name]}` });
const ask = (at: TestApi, name: Name, path: string, method = 'GET') =>
  fetch(`${at.url}/api/pipeline/${path}`, { method, headers: headers(name) });
const status = async (at: TestApi, name: Name, path: string, method?: string) =>
  (await ask(at, name, path, method)).status;
const sendAs = (at: TestApi, name: Name, taskId: string) =>
  submit(at, { taskId, headers: headers(name), waitS: 30 });
/** A task of each key, to make others of. */
const finished = Object.fromEntries(
  (['acme', 'other', 'boss'] as const).map((name) => {
    const taskId = randomUUID();
    return [name, sendAs(api, name, taskId).then(() => taskId)];
  }),
) as Record<Name, Promise<string>>;

/**
 * A task of a key of which only the record and the video are left, as when Temporal has forgotten it. What Temporal deletes
 * on request it forgets within a minute.
 */
async function leave(name: Name, change = (json: string) => json): Promise<string> {
  const taskId = randomUUID();
  const [source, target] = [taskKeys(await finished[name]), taskKeys(taskId)];
  const json = (await api.store.read(source.metadata)).toString();
  const copy = json.replaceAll(await finished[name], taskId);
  await api.store.put(target.metadata, Buffer.from(change(copy)));
  await api.store.copy(source.video, target.video);
  return taskId;
}

/** Erases the task of one key and submits one of another under the same id. */
async function handOver(taskId: string, from: Name, to: Name): Promise<void> {
  expect(await status(api, from, `tasks/${taskId}`, 'DELETE')).toBe(200);
  expect((await sendAs(second, to, taskId)).status).toBe(200);
}

/** Everything that a task can be asked for, and how. */
const REQUESTS = [
  ['GET', 'status/T'],
  ['GET', 'progress/T/events'],
  ['GET', 'tasks/T/video'],
  ['GET', 'tasks/T/thumbnail'],
  ['GET', 'tasks/T/timeline'],
  ['POST', 'tasks/T/cancel'],
  ['DELETE', 'tasks/T'],
] as const;

describe('a task under the id of an erased one', () => {
  it('is its own key’s, in every process, and not the earlier key’s', async () => {
    const taskId = await leave('acme');
    for (const at of [api, second]) expect(await status(at, 'acme', `status/${taskId}`)).toBe(200);

    await handOver(taskId, 'acme', 'other');

    for (const at of [api, second]) {
      for (const [method, path] of REQUESTS) {
        expect([path, await status(at, 'acme', path.replace('T', taskId), method)]).toEqual([path, 404]);
      }
      expect(await status(at, 'other', `status/${taskId}`)).toBe(200);
    }
  });

  it('is not opened by the links to the earlier one', async () => {
    const taskId = await leave('acme');
    const made = await fetch(`${api.url}/api/pipeline/tasks/${taskId}/links`, {
      method: 'POST',
      headers: { ...headers('acme'), 'Content-Type': 'application/json' },
      body: JSON.stringify({ name: 'video' }),
    });
    const link = (await made.json()) as { url: string; page_url: string };
    for (const url of [link.url, link.page_url]) expect((await fetch(api.url + url)).status).toBe(200);

    await handOver(taskId, 'acme', 'other');

    for (const at of [api, second]) {
      for (const url of [link.url, link.page_url]) expect((await fetch(at.url + url)).status).toBe(404);
    }
  });

  it('is refused until everything of the earlier one is erased', async () => {
    const taskId = randomUUID();
    using held = worker.hold('eraseFiles');
    const erasing = api.jobs.erase(taskId, { isKnown: true, owner: 'acme' });
    await expect.poll(() => held.reached(), { timeout: 20_000 }).toBe(1);

    for (const name of ['acme', 'other'] as const) {
      expect(await sendAs(second, name, taskId)).toMatchObject({
        status: 503,
        body: { code: 'ERASE_UNDER_WAY' },
      });
    }
    expect((await api.files()).filter((path) => path.includes(taskId))).toEqual([]);

    held.release();
    await erasing;
    expect((await sendAs(second, 'other', taskId)).status).toBe(200);
  });
});

describe('the receipt of an erased task', () => {
  it('is for its own key and for admins only', async () => {
    const taskId = randomUUID();
    await sendAs(api, 'acme', taskId);
    const receipt = await (await ask(api, 'acme', `tasks/${taskId}`, 'DELETE')).json();

    expect(await status(second, 'other', `tasks/${taskId}`, 'DELETE')).toBe(404);
    for (const name of ['acme', 'boss'] as const) {
      const again = await ask(second, name, `tasks/${taskId}`, 'DELETE');
      expect([again.status, await again.json()]).toEqual([200, receipt]);
    }
  });
});

describe('an unknown task', () => {
  it('is not there for any key, even if files lie under its id', async () => {
    const taskId = randomUUID();
    await api.store.put(taskKeys(taskId).video, Buffer.from('bytes'));

    for (const [method, path] of REQUESTS) {
      const answer = await ask(api, 'acme', path.replace('T', taskId), method);
      expect([path, answer.status]).toEqual([path, 404]);
      expect(await answer.json()).toMatchObject({ code: 'TASK_NOT_FOUND' });
    }
    expect(await status(api, 'boss', `tasks/${taskId}/video`)).toBe(200);
  });
});

describe('a task whose record cannot be read and whose job Temporal has forgotten', () => {
  it('is erased by its own key and by no other', async () => {
    const taskId = await leave('acme', (json) => JSON.stringify({ ...JSON.parse(json), options: 'damaged' }));

    expect(await status(api, 'other', `tasks/${taskId}`, 'DELETE')).toBe(404);
    expect(await status(api, 'acme', `tasks/${taskId}`, 'DELETE')).toBe(200);
    expect((await api.files()).filter((path) => path.includes(taskId))).toEqual([]);
  });

  it('is erased by admins only if it does not even name its key', async () => {
    const taskId = await leave('acme', () => 'no JSON');

    expect(await status(api, 'acme', `tasks/${taskId}`, 'DELETE')).toBe(404);
    expect(await status(api, 'boss', `tasks/${taskId}`, 'DELETE')).toBe(200);
    expect((await api.files()).filter((path) => path.includes(taskId))).toEqual([]);
  });
});
