import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { PhotoPreview } from '../../src/contracts/schemas/photo-preview.ts';
import type { Problem } from '../../src/contracts/schemas/problem.ts';
import { PipelineError } from '../../src/errors.ts';
import { PHOTO, VOICE } from '../harness/api/job-form-data.ts';
import { submit } from '../harness/api/submit.ts';
import { startTestPipeline } from '../harness/api/test-pipeline.ts';

const { api, server, worker } = await startTestPipeline();

const TWO = [
  { id: 1, confidence: 0.9, box: [1, 1, 30, 60] as [number, number, number, number] },
  { id: 2, confidence: 0.8, box: [31, 1, 60, 60] as [number, number, number, number] },
];

function toForm(fields: Record<string, string | Buffer> = {}): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries({ image: PHOTO, ...fields })) {
    if (typeof value === 'string') form.append(name, value);
    else form.append(name, new Blob([new Uint8Array(value)]), `${name}.bin`);
  }
  return form;
}

async function preview(fields?: Parameters<typeof toForm>[0], init: RequestInit = {}) {
  const answer = await fetch(`${api.url}/api/pipeline/previews`, {
    method: 'POST',
    body: toForm(fields),
    ...init,
  });
  return { status: answer.status, body: (await answer.json()) as PhotoPreview & Problem };
}

async function previewFiles(): Promise<string[]> {
  return Array.fromAsync(api.deps.store.list('temp/previews/'), ({ key }) => key);
}

async function noFiles(): Promise<void> {
  for await (const { key } of api.deps.store.list('temp/previews/')) await api.deps.store.delete(key);
}

describe('POST /api/pipeline/previews', () => {
  it('answers with the people, their faces and the cut-out', async () => {
    worker.findPersons(TWO);
    onTestFinished(() => worker.findPersons(TWO.slice(0, 1)));

    const { status, body } = await preview({ person: '2' });

    expect(status).toBe(200);
    expect(body).toMatchObject({
      photo: { width_px: 640, height_px: 480 },
      persons: [
        { id: 1, face: { warnings: [] } },
        { id: 2, face: { warnings: [] } },
      ],
      selected_person_id: 2,
      warnings: [],
    });
    for (const url of [body.cutout_url, ...body.persons.map((one) => one.face_url)]) {
      const file = await fetch(`${api.url}${url}`);
      expect([file.status, file.headers.get('content-type')]).toEqual([200, 'image/webp']);
      expect(await file.text()).toMatch(/^bytes of temp\/previews\//);
    }
    expect(body.persons[1]?.face_url).toBe(`/api/pipeline/previews/${body.preview_id}/faces/2`);
  });

  it('has no cut-out of a photo without people', async () => {
    worker.findPersons([]);
    onTestFinished(() => worker.findPersons(TWO.slice(0, 1)));

    const { status, body } = await preview();

    expect(status).toBe(200);
    expect(body.persons).toEqual([]);
    expect(body).not.toHaveProperty('cutout_url');
    expect(body).not.toHaveProperty('selected_person_id');
  });

  it('refuses a person who is not there in the words of a task', async () => {
    expect(await preview({ person: '3' })).toMatchObject({
      status: 422,
      body: { code: 'PERSON_CHOICE_INVALID', detail: expect.stringContaining('only 1 person was found') },
    });
  });

  it.each<[string, Record<string, string | Buffer>]>([
    ['a recording in place of the photo', { image: VOICE }],
    ['a text in place of the photo', { image: Buffer.from('<html>not a photo</html>') }],
    ['a threshold out of range', { conf_threshold: '2' }],
  ])('refuses %s in the words of a submission', async (_, fields) => {
    const refused = await preview(fields);
    const submitted = await submit(api, { fields: fields as Record<string, Buffer> });

    expect(refused.status).toBe(submitted.status);
    expect(refused.body.detail).toBe(submitted.body.detail);
  });

  it('names every unknown field', async () => {
    expect(await preview({ audio: 'text', person: 'nobody' })).toMatchObject({
      status: 422,
      body: {
        code: 'INPUT_INVALID',
        detail: expect.stringMatching(/person: expected .*audio: unknown field/),
      },
    });
  });

  it('refuses a damaged photo as the task would, and keeps nothing of it', async () => {
    await noFiles();
    const failure = new PipelineError('MEDIA_UNDECODABLE', 'The picture in image cannot be decoded: …');
    const failing = worker.fail('preparePhoto', failure);
    onTestFinished(() => void failing.release());

    expect(await preview()).toMatchObject({
      status: 415,
      body: { code: failure.code, detail: failure.message },
    });
    await vi.waitFor(async () => expect(await previewFiles()).toEqual([]), 5_000);
  });

  it('answers without the faces if they cannot be checked', async () => {
    const failing = worker.fail(
      'checkFaces',
      ApplicationFailure.create({ type: 'SLOT_CRASHED', message: 'It died', nonRetryable: true }),
    );
    onTestFinished(() => void failing.release());

    const { status, body } = await preview();

    expect(status).toBe(200);
    expect(body.persons).toMatchObject([{ id: 1 }]);
    expect(body.persons[0]).not.toHaveProperty('face');
    expect((await fetch(`${api.url}${body.persons[0]?.face_url}`)).status).toBe(200);
  });

  it('stops and deletes everything if the client leaves', async () => {
    await noFiles();
    // Only previews do this, so the work of earlier ones is not held.
    using held = worker.hold('drawCutout');
    const leave = new AbortController();
    const left = preview({}, { signal: leave.signal });
    await vi.waitFor(() => expect(held.reached()).toBe(1), 10_000);
    expect(await previewFiles()).not.toEqual([]);

    leave.abort();

    await expect(left).rejects.toThrow('aborted');
    await vi.waitFor(async () => expect(await previewFiles()).toEqual([]), 10_000);
    await vi.waitFor(async () => {
      const running = server.client.workflow.list({
        query: 'WorkflowType="previewPhoto" AND ExecutionStatus="Running"',
      });
      expect(await Array.fromAsync(running)).toEqual([]);
    }, 10_000);
  });

  it('makes two at once, each with its own files', async () => {
    const both = await Promise.all([preview(), preview()]);

    expect(both.map(({ status }) => status)).toEqual([200, 200]);
    expect(new Set(both.map(({ body }) => body.preview_id)).size).toBe(2);
  });

  it('has no pictures under ids that it never gave', async () => {
    for (const id of ['0d1f6a3e-0000-4000-8000-000000000000', '..%2f..', 'x']) {
      const answer = await fetch(`${api.url}/api/pipeline/previews/${id}/cutout`);
      expect([answer.status, ((await answer.json()) as Problem).code]).toEqual([404, 'OBJECT_NOT_FOUND']);
    }
  });

  it('keeps working for tasks while a preview waits', async () => {
    using held = worker.hold('checkFaces');
    const waiting = preview();
    await vi.waitFor(() => expect(held.reached()).toBe(1), 10_000);

    const { status } = await submit(api, { waitS: 20 });

    expect(status).toBe(200);
    held.release();
    expect((await waiting).status).toBe(200);
  });

  // The last one: with the first key, requests without one are refused.
  it('shows the pictures to the key that asked for them only, and counts its uploads', async () => {
    const mine = await api.keys.create('mine', ['submit']);
    const other = await api.keys.create('other', ['submit', 'read']);
    const tiny = await api.keys.create('tiny', ['submit'], { bytes_in_flight: 10 });
    const as = (secret: string) => ({ headers: { Authorization: `Bearer ${secret}` } });

    const { body } = await preview({}, as(mine));

    const statusFor = async (init: RequestInit) => (await fetch(`${api.url}${body.cutout_url}`, init)).status;
    expect(await statusFor(as(mine))).toBe(200);
    expect(await statusFor(as(other))).toBe(404);
    expect(await statusFor({})).toBe(401);
    expect(await preview({}, as(tiny))).toMatchObject({ status: 429, body: { code: 'QUOTA_EXCEEDED' } });
  });
});
