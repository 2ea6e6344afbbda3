import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { createConcurrency } from '../../src/api/access/concurrency.ts';
import { createErrorHandler } from '../../src/api/http/problem.ts';
import { previewRoutes } from '../../src/api/routes/video-preview.ts';
import type { JobOutcome } from '../../src/contracts/schemas/job-outcome.ts';
import type { StageEvent } from '../../src/contracts/schemas/stage-event.ts';
import { taskKeys } from '../../src/contracts/task-keys.ts';
import type { VideoFormat } from '../../src/contracts/video-format.ts';
import { partName } from '../../src/media/encode/part-name.ts';
import type { JobDescription } from '../../src/ports/job-client.ts';
import { createTaskRecords } from '../../src/storage/task-records.ts';
import { describeJob, fakeJobs } from '../harness/api/fake-jobs.ts';
import { storeTask } from '../harness/storage/task-files.ts';
import { createStore } from '../harness/storage/temporary-store.ts';

/** A task in a store of its own. It runs until it is ended. */
async function startTask() {
  const taskId = randomUUID();
  const event: StageEvent = {
    seq: 1,
    task_id: taskId,
    event_type: 'stage_update',
    data: { stage: 'DID_PROCESSING', progress_percent: 75, message: '' },
    timestamp: new Date().toISOString(),
  };
  const { store } = await createStore();
  const records = createTaskRecords({ store });
  let status: JobDescription['status'] = 'running';
  const jobs = fakeJobs({
    describe: async () => describeJob({ status }),
    progress: async () => ({ events: [event] }),
  });
  const concurrency = createConcurrency({ uploads: 1, streams: 1, waiters: 1 });
  const app = previewRoutes({ store, records, jobs, access: { concurrency } });
  app.onError(createErrorHandler(pino({ level: 'silent' })));
  const get = async () => app.request(`/api/pipeline/tasks/${taskId}/preview`);
  const end = async (outcome: JobOutcome) => {
    const { record } = await storeTask(store, taskId, { isEnded: false, hasRecord: false });
    await records.write({ ...record, events: [event], outcome });
    status = outcome.success ? 'completed' : 'failed';
  };
  return {
    taskId,
    get,
    problem: async () => (await get()).json(),
    putPart: (index: number, text: string, format: VideoFormat = 'mp4') =>
      store.put(`${taskKeys(taskId).parts}${partName(index, format)}`, Buffer.from(text)),
    fail: (message: string) =>
      end({
        task_id: taskId,
        success: false,
        execution_time_ms: 1,
        error: {
          code: 'FACE_NOT_FOUND',
          message,
          stage: 'DID_PROCESSING',
          retryable: false,
          compensated: [],
        },
      }),
    succeed: () =>
      end({
        task_id: taskId,
        success: true,
        execution_time_ms: 1,
        metadata: {
          person_detection: { total_persons: 1, selected_person_id: 1, confidence: 0.9, persons: [] },
          background_removal: { input_size: 1024 },
          provider: { name: 'local', degraded: false },
          video: {
            width_px: 512,
            height_px: 512,
            duration_s: 1,
            bytes: 1,
            sha256: '0'.repeat(64),
            content_type: 'video/mp4',
          },
          timings_ms: {},
          cached: [],
          warnings: [],
        },
      }),
  };
}

describe('GET /api/pipeline/tasks/{task_id}/preview', () => {
  it('sends the video so far, then new parts, and ends with the task', async () => {
    const task = await startTask();
    await task.putPart(0, 'tracks,');
    await task.putPart(1, 'first,');
    const answer = await task.get();
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'video/mp4']);

    const reader = answer.body!.getReader();
    const read = async () => Buffer.from((await reader.read()).value ?? []).toString();
    expect([await read(), await read()]).toEqual(['tracks,', 'first,']);
    const next = read();
    await task.putPart(2, 'second');
    expect(await next).toBe('second');
    await task.succeed();
    expect((await reader.read()).done).toBe(true);
  });

  it('redirects to the finished video', async () => {
    const task = await startTask();
    await task.succeed();

    const answer = await task.get();

    expect([answer.status, answer.headers.get('location')]).toEqual([
      303,
      `/api/pipeline/tasks/${task.taskId}/video`,
    ]);
  });

  it('is a WebM if the video will be transparent', async () => {
    const task = await startTask();
    await task.putPart(0, 'tracks,', 'webm');
    await task.putPart(1, 'first', 'webm');

    const answer = await task.get();
    await task.succeed();

    expect([answer.headers.get('content-type'), await answer.text()]).toEqual(['video/webm', 'tracks,first']);
  });

  it('says that there is nothing yet, or why there never will be', async () => {
    const task = await startTask();
    expect(await task.problem()).toMatchObject({ code: 'VIDEO_NOT_READY' });

    await task.fail('No face.');
    expect(await task.problem()).toMatchObject({
      code: 'OBJECT_NOT_FOUND',
      detail: expect.stringContaining('No face.'),
    });
  });
});
