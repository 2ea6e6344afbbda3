import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createErrorHandler } from '../../src/api/http/problem.ts';
import { previewRoutes } from '../../src/api/routes/video-preview.ts';
import { taskKeys } from '../../src/contracts/task-keys.ts';
import type { VideoFormat } from '../../src/contracts/video-format.ts';
import { partName } from '../../src/media/encode/part-name.ts';
import type { ObjectStore } from '../../src/ports/object-store.ts';
import { createFileStore } from '../../src/storage/file/file-store.ts';

const TASK = '6b3f7f0a-6a0c-4c7e-9d0c-0d9c3f7c1a55';
const EVENT = {
  task_id: TASK,
  timestamp: '2026-01-01T00:00:00Z',
  data: { stage: 'DID_PROCESSING', progress_percent: 75, message: '' },
};
type Outcome = { success: boolean; error?: { message: string }; metadata?: object };
const VIDEO_MADE: Outcome = { success: true, metadata: { background_removal: {} } };

let folder: string;
let store: ObjectStore;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preview-'));
  store = createFileStore({ root: folder });
});
afterAll(() => rm(folder, { recursive: true }));

/** A task that runs until its end is set. */
function startTask() {
  let outcome: Outcome | undefined;
  const deps = {
    store,
    records: {
      read: async () =>
        outcome && { events: [EVENT], submitted_at: EVENT.timestamp, outcome: { ...outcome, ...EVENT } },
    },
    jobs: {
      describe: async () => ({ status: 'running', memo: { submittedAt: EVENT.timestamp }, activities: [] }),
      progress: async () => ({ events: [EVENT] }),
    },
  };
  const app = previewRoutes(deps as never);
  app.onError(createErrorHandler(pino({ level: 'silent' })));
  const get = async () => app.request(`/api/pipeline/tasks/${TASK}/preview`);
  return {
    get,
    problem: async () => (await get()).json(),
    end(next: Outcome) {
      outcome = next;
    },
  };
}

const putPart = (index: number, text: string, format: VideoFormat = 'mp4') =>
  store.put(`${taskKeys(TASK).parts}${partName(index, format)}`, Buffer.from(text));

describe('GET /api/pipeline/tasks/{task_id}/preview', () => {
  it('sends the video so far, then new parts, and ends with the task', async () => {
    const task = startTask();
    await putPart(0, 'tracks,');
    await putPart(1, 'first,');
    const answer = await task.get();
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'video/mp4']);

    const reader = answer.body!.getReader();
    const read = async () => Buffer.from((await reader.read()).value ?? []).toString();
    expect([await read(), await read()]).toEqual(['tracks,', 'first,']);
    const next = read();
    await putPart(2, 'second');
    expect(await next).toBe('second');
    task.end(VIDEO_MADE);
    expect((await reader.read()).done).toBe(true);
  });

  it('redirects to the finished video', async () => {
    const task = startTask();
    task.end(VIDEO_MADE);

    const answer = await task.get();

    expect([answer.status, answer.headers.get('location')]).toEqual([
      303,
      `/api/pipeline/tasks/${TASK}/video`,
    ]);
  });

  it('is a WebM if the video will be transparent', async () => {
    await store.deleteAll(taskKeys(TASK).parts);
    const task = startTask();
    await putPart(0, 'tracks,', 'webm');
    await putPart(1, 'first', 'webm');

    const answer = await task.get();
    task.end(VIDEO_MADE);

    expect([answer.headers.get('content-type'), await answer.text()]).toEqual(['video/webm', 'tracks,first']);
  });

  it('says that there is nothing yet, or why there never will be', async () => {
    await store.deleteAll(taskKeys(TASK).parts);
    const task = startTask();
    expect(await task.problem()).toMatchObject({ code: 'VIDEO_NOT_READY' });

    task.end({ success: false, error: { message: 'No face.' } });
    expect(await task.problem()).toMatchObject({
      code: 'OBJECT_NOT_FOUND',
      detail: expect.stringContaining('No face.'),
    });
  });
});
