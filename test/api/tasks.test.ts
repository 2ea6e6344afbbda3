import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { submit } from '../harness/api/submit.ts';
import { startTestPipeline } from '../harness/api/test-pipeline.ts';

const { api, worker } = await startTestPipeline();

async function call(path: string, init: RequestInit = {}) {
  const answer = await fetch(`${api.url}${path}`, init);
  return { status: answer.status, headers: answer.headers, body: await answer.json() };
}

const status = (taskId: string) => call(`/api/pipeline/status/${taskId}`);
const cancel = (taskId: string) => call(`/api/pipeline/tasks/${taskId}/cancel`, { method: 'POST' });
const file = (taskId: string, name: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(`${api.url}/api/pipeline/tasks/${taskId}/${name}`, { headers, method });

describe('GET /api/pipeline/status/{task_id}', () => {
  it('returns the status of a running job', async () => {
    using held = worker.hold('renderTalk');
    const { taskId } = await submit(api);
    await expect
      .poll(async () => (await status(taskId)).body, { timeout: 10_000 })
      .toEqual({
        task_id: taskId,
        name: 'image',
        provider: 'local',
        stage: 'DID_PROCESSING',
        progress_percent: 75,
        message: expect.any(String),
        submitted_at: expect.any(String),
        updated_at: expect.any(String),
        attempts: 1,
        eta: { p50: expect.any(String), p90: expect.any(String), stages_ms: expect.any(Object) },
      });
    held.release();
  });

  it('returns the result of a finished job', async () => {
    const { taskId } = await submit(api, { waitS: 30 });

    expect((await status(taskId)).body).toMatchObject({
      stage: 'COMPLETED',
      progress_percent: 100,
      result: { task_id: taskId, success: true },
    });
  });

  it('responds 404 for an unknown task', async () => {
    const taskId = randomUUID();
    expect(await status(taskId)).toMatchObject({
      status: 404,
      body: { code: 'TASK_NOT_FOUND', task_id: taskId },
    });
  });
});

describe('POST /api/pipeline/tasks/{task_id}/cancel', () => {
  it('stops and undoes a running job, and is idempotent', async () => {
    using held = worker.hold('renderTalk');
    const { taskId } = await submit(api);
    await expect.poll(held.reached, { timeout: 10_000 }).toBe(1);

    const answers = await Promise.all([cancel(taskId), cancel(taskId), cancel(taskId)]);
    for (const answer of answers) expect([200, 202]).toContain(answer.status);

    await expect
      .poll(async () => (await status(taskId)).body, { timeout: 10_000 })
      .toMatchObject({
        stage: 'CANCELLED',
        error: { code: 'TASK_CANCELLED', compensated: ['video', 'processed files', 'uploads'] },
      });
    held.release();
    expect(await cancel(taskId)).toMatchObject({ status: 200, body: { stage: 'CANCELLED' } });
    expect((await api.files()).filter((path) => path.includes(`/uploads/${taskId}/`))).toEqual([]);
    expect(await file(taskId, 'video').then((answer) => answer.json())).toMatchObject({
      code: 'OBJECT_NOT_FOUND',
    });
  });

  it('changes nothing about a finished job', async () => {
    const { taskId } = await submit(api, { waitS: 30 });

    expect(await cancel(taskId)).toMatchObject({ status: 200, body: { stage: 'COMPLETED' } });
    expect((await file(taskId, 'video')).status).toBe(200);
  });

  it('responds 404 for an unknown task', async () => {
    expect(await cancel(randomUUID())).toMatchObject({ status: 404 });
  });
});

describe('GET /api/pipeline/tasks/{task_id}/{file}', () => {
  it('serves video, cutout, mask and thumbnail', async () => {
    const { taskId } = await submit(api, { waitS: 30 });
    const types = { video: 'video/mp4', cutout: 'image/png', mask: 'image/png', thumbnail: 'image/jpeg' };
    for (const [name, type] of Object.entries(types)) {
      const answer = await file(taskId, name);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toBe(type);
      // Else a browser that opens the link itself plays nothing.
      expect(answer.headers.get('content-security-policy')).toContain("media-src 'self'");
      expect(await answer.text()).toContain(`/${taskId}/${name}`);
    }
  });

  it('serves a transparent video as WebM', async () => {
    const { taskId } = await submit(api, { waitS: 30, fields: { background: 'transparent' } });

    const { headers } = await file(taskId, 'video');

    expect(headers.get('content-type')).toBe('video/webm');
    expect(headers.get('content-disposition')).toContain('"image.webm"');
  });

  it('serves ranges, for seeking players and resumed downloads', async () => {
    const { taskId } = await submit(api, { waitS: 30 });
    const whole = await file(taskId, 'video');
    const etag = whole.headers.get('etag')!;
    const content = await whole.text();

    const part = await file(taskId, 'video', { Range: 'bytes=3-9' });
    expect(part.status).toBe(206);
    expect(part.headers.get('content-range')).toBe(`bytes 3-9/${content.length}`);
    expect(part.headers.get('content-length')).toBe('7');
    expect(await part.text()).toBe(content.slice(3, 10));

    const last = await file(taskId, 'video', { Range: 'bytes=-4', 'If-Range': etag });
    expect([last.status, await last.text()]).toEqual([206, content.slice(-4)]);

    const changed = await file(taskId, 'video', { Range: 'bytes=-4', 'If-Range': '"another"' });
    expect([changed.status, await changed.text()]).toEqual([200, content]);

    const outside = await file(taskId, 'video', { Range: 'bytes=9999-' });
    expect(outside.status).toBe(416);
    expect(outside.headers.get('content-range')).toBe(`bytes */${content.length}`);
    expect(await outside.json()).toMatchObject({ code: 'RANGE_NOT_SATISFIABLE' });
  });

  it('does not send a file again that the client has', async () => {
    const { taskId } = await submit(api, { waitS: 30 });
    const { headers } = await file(taskId, 'mask', {}, 'HEAD');
    expect(headers.get('cache-control')).toBe('private, no-cache');

    const same = [
      await file(taskId, 'mask', { 'If-None-Match': `"x", W/${headers.get('etag')}` }),
      await file(taskId, 'mask', { 'If-None-Match': '*' }),
      await file(taskId, 'mask', { 'If-Modified-Since': headers.get('last-modified')! }),
    ];
    const other = [
      await file(taskId, 'mask', {
        'If-None-Match': '"x"',
        'If-Modified-Since': headers.get('last-modified')!,
      }),
      await file(taskId, 'mask', { 'If-Modified-Since': 'Thu, 01 Jan 1970 00:00:00 GMT' }),
      await file(taskId, 'mask', { 'If-Modified-Since': 'yesterday' }),
    ];

    expect(same.map((answer) => answer.status)).toEqual([304, 304, 304]);
    expect(other.map((answer) => answer.status)).toEqual([200, 200, 200]);
  });

  it('responds to HEAD like GET, without the bytes', async () => {
    const { taskId } = await submit(api, { waitS: 30 });
    const [get, head] = [await file(taskId, 'video'), await file(taskId, 'video', {}, 'HEAD')];

    expect(head.status).toBe(200);
    for (const name of ['content-length', 'content-type', 'etag', 'last-modified', 'accept-ranges']) {
      expect(head.headers.get(name)).toBe(get.headers.get(name));
    }
    expect(await head.text()).toBe('');
  });

  it('distinguishes a video that is not ready from an unknown task', async () => {
    using held = worker.hold('detectPersons');
    const { taskId } = await submit(api);

    expect(await call(`/api/pipeline/tasks/${taskId}/video`)).toMatchObject({
      status: 409,
      body: { code: 'VIDEO_NOT_READY' },
    });
    expect(await call(`/api/pipeline/tasks/${randomUUID()}/video`)).toMatchObject({
      status: 404,
      body: { code: 'TASK_NOT_FOUND' },
    });
    held.release();
  });
});
