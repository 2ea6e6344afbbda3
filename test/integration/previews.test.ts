import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it, vi } from 'vitest';
import type { TaskOutcome } from '../../src/contracts/schemas/job-outcome.ts';
import type { PhotoPreview } from '../../src/contracts/schemas/photo-preview.ts';
import type { Problem } from '../../src/contracts/schemas/problem.ts';
import { fileResources } from '../harness/file-resources.ts';
import { startWorkerStack } from '../harness/stack/worker-stack.ts';

const SAMPLES = join(import.meta.dirname, '../../samples');
const portrait = await readFile(join(SAMPLES, 'portrait.jpg'));
const voice = await readFile(join(SAMPLES, 'voice.wav'));

const stack = fileResources().use(
  await startWorkerStack({ MODELS_DIR: join(import.meta.dirname, '../../models') }),
);

const toBlob = (bytes: Buffer) => new Blob([new Uint8Array(bytes)]);

async function preview(photo: Buffer): Promise<PhotoPreview> {
  const form = new FormData();
  form.set('image', toBlob(photo));
  const answer = await fetch(`${stack.apiUrl}/api/pipeline/previews`, { method: 'POST', body: form });
  const body = (await answer.json()) as PhotoPreview;
  expect(answer.status, JSON.stringify(body)).toBe(200);
  return body;
}

async function makeVideo(photo: Buffer): Promise<TaskOutcome> {
  const form = new FormData();
  form.set('image', toBlob(photo));
  form.set('audio', toBlob(voice));
  const answer = await fetch(`${stack.apiUrl}/api/pipeline/generate?wait=120`, {
    method: 'POST',
    body: form,
  });
  return (await answer.json()) as TaskOutcome;
}

async function entriesOf(kind: string): Promise<number> {
  const keys = await Array.fromAsync(stack.store.list(`cache/${kind}/`), ({ key }) => key);
  return keys.filter((key) => key.endsWith('entry.json')).length;
}

describe('a preview by real workers', { timeout: 120_000 }, () => {
  it('shows person, face and cut-out, and a task with the photo starts with them done', async () => {
    // Larger than previews are made in.
    const photo = await sharp(portrait).resize({ width: 2400 }).jpeg().toBuffer();
    const { width, height } = await sharp(photo).metadata();

    const { cutout_url, persons, ...found } = await preview(photo);

    expect(found.photo).toEqual({ width_px: width, height_px: height });
    expect(persons).toMatchObject([{ id: 1, face: { warnings: [] } }]);
    expect(persons[0]?.face).not.toHaveProperty('refusal');
    const [left, top, right, bottom] = persons[0]!.face!.box!;
    const [personLeft, personTop, personRight, personBottom] = persons[0]!.box;
    expect(left).toBeGreaterThan(personLeft);
    expect(right).toBeLessThan(personRight);
    expect(top).toBeGreaterThan(personTop - 20);
    expect(bottom).toBeLessThan(personBottom);
    const cutout = sharp(Buffer.from(await (await fetch(stack.apiUrl + cutout_url)).arrayBuffer()));
    expect(await cutout.metadata()).toMatchObject({ format: 'webp', hasAlpha: true, width: 1600 });
    const { channels } = await cutout.stats();
    expect(channels[3]?.min).toBe(0);
    expect(channels[3]?.max).toBe(255);
    const face = await fetch(stack.apiUrl + persons[0]!.face_url);
    expect(await sharp(Buffer.from(await face.arrayBuffer())).metadata()).toMatchObject({
      width: 160,
      height: 160,
    });

    await vi.waitFor(async () => expect(await entriesOf('cutout')).toBe(1), {
      timeout: 60_000,
      interval: 200,
    });
    const result = await makeVideo(photo);

    expect(result).toMatchObject({ success: true });
    expect(result.success && result.metadata.cached).toEqual([
      'DETECTION_RUNNING',
      'BACKGROUND_REMOVAL_RUNNING',
    ]);
    // Only what clients read is left of the preview itself.
    const files = await Array.fromAsync(stack.store.list('temp/previews/'), ({ key }) =>
      key.split('/').at(-1),
    );
    expect(files.sort()).toEqual(['cutout.webp', 'face-1.webp']);
  });

  it('refuses a damaged photo in the words of the task', async () => {
    const damaged = portrait.subarray(0, portrait.length / 2);
    const form = new FormData();
    form.set('image', toBlob(damaged));

    const answer = await fetch(`${stack.apiUrl}/api/pipeline/previews`, { method: 'POST', body: form });
    const task = await makeVideo(damaged);

    const { code, detail } = (await answer.json()) as Problem;
    expect(task).toMatchObject({ success: false, error: { code, message: detail } });
    expect(code).toBe('MEDIA_UNDECODABLE');
  });

  it('survives the death of a slot', async () => {
    const waiting = preview(portrait);
    for (const { pid } of stack.gpu.slots.birefnet!.snapshot()) process.kill(pid!, 'SIGKILL');

    expect(await waiting).toMatchObject({ selected_person_id: 1, cutout_url: expect.any(String) });
  });
});
