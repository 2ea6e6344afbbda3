import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { retentionOverrideKey } from '../../src/contracts/retention.ts';
import { jobForm, PHOTO, VOICE } from '../harness/api/job-form-data.ts';
import { type SubmitOptions, submit } from '../harness/api/submit.ts';
import { startTestPipeline } from '../harness/api/test-pipeline.ts';

const { server, api, worker } = await startTestPipeline({ limits: { imageBytes: 200_000 } });

async function uploadsOf(taskId: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of api.store.list(`uploads/${taskId}/`)) keys.push(key);
  return keys;
}

async function countJobs(query?: string): Promise<number> {
  return (await server.client.workflow.count(query)).count;
}

/** Then nothing but a submission changes the store. */
async function untilAllJobsEnded(): Promise<void> {
  await expect.poll(() => countJobs('ExecutionStatus="Running"'), { timeout: 20_000 }).toBe(0);
}

describe('POST /api/pipeline/generate', () => {
  it('stores the files and starts the job before it responds', async () => {
    using held = worker.hold('prepareMedia');
    const { status, headers, body } = await submit(api);

    expect(status).toBe(202);
    expect(body).toEqual({
      task_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      submitted_at: expect.any(String),
      status_url: `/api/pipeline/status/${body.task_id}`,
      events_url: `/api/pipeline/progress/${body.task_id}/events`,
      video_url: `/api/pipeline/tasks/${body.task_id}/video`,
      cancel_url: `/api/pipeline/tasks/${body.task_id}/cancel`,
    });
    expect(headers.get('location')).toBe(body.status_url);
    expect(await uploadsOf(body.task_id)).toHaveLength(2);
    expect(await api.jobs.describe(body.task_id)).toMatchObject({ status: 'running' });
    held.release();
  });

  it('names the job for administrators in Temporal', async () => {
    const { body } = await submit(api, { fields: { priority: '1' } });

    const description = await server.client.workflow.getHandle(`video/${body.task_id}`).describe();
    expect(description.searchAttributes).toMatchObject({
      LimelightTaskId: [body.task_id],
      LimelightProvider: ['local'],
    });
    expect(description.priority).toMatchObject({ priorityKey: 1 });
    expect(await description.staticSummary()).toMatch(/^Talking video of a photo \(.+ kB\) and a voice/);
  });

  it('responds with the outcome if the client waits for it', async () => {
    const answer = await submit(api, { headers: { Prefer: 'wait=30' } });

    expect(answer.status).toBe(200);
    expect(answer.headers.get('preference-applied')).toBe('wait=30');
    expect(answer.body).toMatchObject({ success: true, video_url: expect.stringContaining('/video') });
  });

  it('responds 202 if the job takes longer than the client waits', async () => {
    using held = worker.hold('renderTalk');
    const { status, body } = await submit(api, { waitS: 1 });

    expect(status).toBe(202);
    expect(body.task_id).toBeTruthy();
    expect(api.hub.watching).toBe(0);
    held.release();
  });

  it('passes every option to the job', async () => {
    const { body } = await submit(api, {
      waitS: 30,
      fields: {
        name: 'Hello',
        long_side_px: '1080',
        conf_threshold: '.25',
        apply_smoothing: 'false',
        persons: '1',
        background: '#FF8800',
        provider: 'auto',
        deadline_s: '60',
        priority: '5',
        cache: 'no-store',
        retention_days: '0.5',
        retry_window_s: '60',
      },
    });

    expect(JSON.parse(String(await api.store.read(retentionOverrideKey(body.task_id))))).toEqual({
      days: 0.5,
    });
    expect((await api.records.read(body.task_id))?.options).toEqual({
      name: 'Hello',
      long_side_px: 1080,
      conf_threshold: 0.25,
      apply_smoothing: false,
      persons: 1,
      background: '#ff8800',
      provider: 'local',
      on_outage: 'wait',
      deadline_s: 60,
      priority: 5,
      cache: 'no-store',
      retention_days: 0.5,
      retry_window_s: 60,
    });
  });
});

describe('Idempotency-Key', () => {
  it('starts one job for a hundred concurrent submissions', async () => {
    const before = await countJobs();
    const headers = { 'Idempotency-Key': randomUUID() };
    const answers = await Promise.all(Array.from({ length: 100 }, () => submit(api, { headers })));

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    const first = answers.filter(({ headers }) => headers.get('idempotent-replayed') === null);
    expect(first).toHaveLength(1);
    await expect.poll(() => countJobs(), { timeout: 10_000 }).toBe(before + 1);
  });

  it('refuses different content, and keeps only the files of the first submission', async () => {
    using held = worker.hold('prepareMedia');
    const headers = { 'Idempotency-Key': 'the same' };
    const { body } = await submit(api, { headers });
    const uploads = await uploadsOf(body.task_id);
    const others: SubmitOptions['fields'][] = [
      { persons: '2' },
      { audio: Buffer.concat([VOICE, VOICE]) },
      { background: 'blur' },
    ];

    const answers = await Promise.all(others.map((fields) => submit(api, { fields, headers })));

    for (const answer of answers) {
      expect(answer).toMatchObject({
        status: 422,
        body: { code: 'IDEMPOTENCY_CONFLICT', task_id: body.task_id },
      });
    }
    expect(await uploadsOf(body.task_id)).toEqual(uploads);
    held.release();
  });

  it('accepts one of two concurrent submissions with different content', async () => {
    using held = worker.hold('prepareMedia');
    const headers = { 'Idempotency-Key': randomUUID() };
    const voices = Array.from({ length: 8 }, (_, index) => Buffer.concat([VOICE, Buffer.alloc(index)]));
    const answers = await Promise.all(voices.map((audio) => submit(api, { fields: { audio }, headers })));

    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 422)).toHaveLength(7);
    const { task_id } = answers.find(({ status }) => status === 202)!.body;
    expect((await uploadsOf(task_id)).sort()).toEqual((await api.jobs.describe(task_id)).memo.uploads.sort());
    held.release();
  });

  it('is kept in the record after Temporal has forgotten the job', async () => {
    const taskId = randomUUID();
    const { body } = await submit(api, { waitS: 30 });
    const record = await api.records.read(body.task_id);
    await api.records.write({ ...record!, task_id: taskId });
    const before = await countJobs();

    const again = await submit(api, { taskId });

    expect(again.status).toBe(202);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(again.body.submitted_at).toBe(record!.submitted_at);
    expect(await uploadsOf(taskId)).toEqual([]);
    expect(await countJobs()).toBe(before);
    expect((await submit(api, { taskId, fields: { priority: '1' } })).status).toBe(422);
  });

  it('is refused if it is invalid', async () => {
    expect(await submit(api, { headers: { 'Idempotency-Key': 'x'.repeat(256) } })).toMatchObject({
      status: 422,
      body: { code: 'INPUT_INVALID' },
    });
  });
});

describe('PUT /api/pipeline/tasks/{task_id}', () => {
  it('accepts an id of the client once', async () => {
    const taskId = randomUUID();
    const first = await submit(api, { taskId: taskId.toUpperCase() });
    const again = await submit(api, { taskId });

    expect(first).toMatchObject({ status: 202, body: { task_id: taskId } });
    expect(again).toMatchObject({ status: 202, body: first.body });
    expect([first, again].map(({ headers }) => headers.get('idempotent-replayed'))).toEqual([null, 'true']);
  });

  it('refuses an id that is not a UUID', async () => {
    expect(await submit(api, { taskId: 'mine' })).toMatchObject({
      status: 422,
      body: { code: 'INPUT_INVALID' },
    });
  });
});

describe('a refused submission', () => {
  it('gets all its errors at once, by field', async () => {
    const { status, headers, body } = await submit(api, {
      fields: {
        image: undefined,
        conf_threshold: '1.5',
        apply_smoothing: 'yes',
        persons: 'nobody',
        background: 'sunset',
        provider: 'd-id',
        deadline_s: '-1',
        priority: '1e0',
        webhook_url: 'not a URL',
        image_link: 'https://example.org',
      },
    });

    expect(status).toBe(422);
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(body).toMatchObject({
      type: 'urn:limelight:problem:input-invalid',
      title: 'Input invalid',
      status: 422,
      code: 'INPUT_INVALID',
      instance: '/api/pipeline/generate',
      details: {
        image: expect.stringContaining('expected a photo'),
        conf_threshold: 'expected a number from 0 to 1 but received "1.5"',
        apply_smoothing: 'expected true or false but received "yes"',
        persons: 'expected auto, ask or a whole number from 1 to 1000 but received "nobody"',
        background: expect.stringContaining('but received "sunset"'),
        provider: expect.stringContaining('d-id needs an API key'),
        deadline_s: expect.stringContaining('but received "-1"'),
        priority: expect.stringContaining('but received "1e0"'),
        webhook_url: 'expected an https URL but received "not a URL"',
        image_link: 'unknown field',
      },
    });
  });

  it('gets a hint which image belongs to which background', async () => {
    expect(await submit(api, { fields: { background: 'image' } })).toMatchObject({
      body: { details: { background_image: expect.stringContaining('received none') } },
    });
    expect(await submit(api, { fields: { background_image: PHOTO } })).toMatchObject({
      body: { details: { background: expect.stringContaining('expected image') } },
    });
  });

  it('gets the status of its error and leaves nothing behind', async () => {
    await untilAllJobsEnded();
    const before = await api.files();
    const large = Buffer.concat([PHOTO, Buffer.alloc(3_000_000)]);

    expect(await submit(api, { fields: { image: large } })).toMatchObject({
      status: 413,
      body: { code: 'UPLOAD_TOO_LARGE' },
    });
    expect(await submit(api, { fields: { audio: PHOTO } })).toMatchObject({
      status: 415,
      body: { code: 'MEDIA_UNSUPPORTED' },
    });
    expect(await submit(api, { fields: { persons: '0' } })).toMatchObject({ status: 422 });

    expect(await api.files()).toEqual(before);
  });

  it('leaves nothing behind wherever its connection is cut', async () => {
    await untilAllJobsEnded();
    const before = await api.files();
    const jobs = await countJobs();
    const form = new Response(jobForm());
    const body = Buffer.from(await form.arrayBuffer());
    const head = [
      'POST /api/pipeline/generate HTTP/1.1',
      'Host: localhost',
      `Content-Type: ${form.headers.get('content-type')}`,
      `Content-Length: ${body.length}`,
    ].join('\r\n');
    const request = Buffer.concat([Buffer.from(`${head}\r\n\r\n`), body]);

    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: request.length - 1 }), async (offset) => {
        const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
        await new Promise<void>((resolve) => socket.write(request.subarray(0, offset), () => resolve()));
        await new Promise<void>((resolve) => socket.once('close', resolve).destroy());
      }),
      { seed: 3, numRuns: 100 },
    );

    await expect.poll(api.files).toEqual(before);
    expect(await countJobs()).toBe(jobs);
  });
});
