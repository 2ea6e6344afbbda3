import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { createLimelightClient } from '../../src/client/limelight-client.ts';
import { taskKeys } from '../../src/contracts/task-keys.ts';
import { createTaskRecords } from '../../src/storage/task-records.ts';
import { fileResources } from '../harness/file-resources.ts';
import { startWorkerStack } from '../harness/stack/worker-stack.ts';

const ROOT = join(import.meta.dirname, '../..');
const portrait = await readFile(join(ROOT, 'samples/portrait.jpg'));
const voice = await readFile(join(ROOT, 'samples/voice.wav'));
/** Stands for all that a phone writes into a photo. */
const MARKER = 'Taken by Anna at home, 48.137154 N 11.576124 E';

/** Two people, so that a job can be stopped by its question. */
async function photoWithExif(): Promise<Buffer<ArrayBuffer>> {
  const half = await sharp(portrait).resize(700, 700).toBuffer();
  const photo = await sharp({ create: { width: 1400, height: 700, channels: 3, background: '#335' } })
    .composite([
      { input: half, left: 0, top: 0 },
      { input: await sharp(half).flop().toBuffer(), left: 700, top: 0 },
    ])
    .jpeg()
    .withExif({
      IFD0: { ImageDescription: MARKER },
      IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '48/1 8/1 13/1' },
    })
    .toBuffer();
  expect(photo.includes(MARKER)).toBe(true);
  return Buffer.from(photo);
}

describe('with STORAGE_KEEP_ORIGINALS=false', { timeout: 180_000 }, async () => {
  const stack = fileResources().use(
    await startWorkerStack({ MODELS_DIR: join(ROOT, 'models'), STORAGE_KEEP_ORIGINALS: 'false' }),
  );
  const client = createLimelightClient({ baseUrl: stack.apiUrl });
  const records = createTaskRecords({ store: stack.store });

  /** Files with the marker, in the whole store: objects, cache, scratch folders. */
  async function filesWithExif(): Promise<string[]> {
    const entries = await readdir(stack.roots.api, { recursive: true, withFileTypes: true });
    const paths = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
    const found = await Promise.all(
      paths.map(async (path) => ((await readFile(path).catch(() => '')).includes(MARKER) ? [path] : [])),
    );
    return found.flat();
  }
  const uploadsOf = (taskId: string) =>
    Array.fromAsync(stack.store.list(`uploads/${taskId}/`), ({ key }) => key);

  it('photo and voice go once they are decoded, and a task that fails later is retried without them', async () => {
    const { task_id: taskId } = await client.submit({
      image: new Blob([await photoWithExif()]),
      audio: new Blob([new Uint8Array(voice)]),
      fields: { persons: 'ask', cache: 'no-store' },
    });
    await expect
      .poll(async () => (await client.status(taskId)).choice?.persons.length, { timeout: 60_000 })
      .toBe(2);
    expect(await uploadsOf(taskId)).toEqual([]);
    expect(await filesWithExif()).toEqual([]);

    // The picture is damaged where it lies, so the next step fails.
    const path = join(stack.roots.api, taskKeys(taskId).photo);
    const intact = await readFile(path);
    const damaged = Buffer.from(intact);
    damaged[1000]! ^= 1;
    await writeFile(path, damaged);
    await client.choosePerson(taskId, 1);
    await client.wait(taskId);
    const { stage, error } = await client.status(taskId);
    expect({ stage, code: error?.code, from: error?.retry?.from }).toEqual({
      stage: 'FAILED',
      code: 'OBJECT_CORRUPT',
      from: ['detection', 'background'],
    });
    expect((await records.read(taskId))?.objects.map(({ key }) => key).sort()).toEqual([
      taskKeys(taskId).photo,
      taskKeys(taskId).voice,
    ]);
    await expect(client.retry(taskId, { from: 'upload' })).rejects.toMatchObject({
      code: 'RETRY_IMPOSSIBLE',
    });

    await writeFile(path, intact);
    await client.retry(taskId);
    expect(await client.wait(taskId)).toMatchObject({ success: true });

    const record = await records.read(taskId);
    expect(record?.objects.filter(({ key }) => key.startsWith('uploads/'))).toEqual([]);
    for (const { key } of record!.objects) expect(await stack.store.stat(key), key).toBeDefined();
    const photo = await fetch(`${stack.apiUrl}/api/pipeline/tasks/${taskId}/photo`);
    expect(photo.headers.get('content-type')).toBe('image/png');
    const kept = await sharp(Buffer.from(await photo.arrayBuffer())).metadata();
    expect(kept).toMatchObject({ width: 1400, height: 700 });
    expect(kept.exif).toBeUndefined();
    expect(await filesWithExif()).toEqual([]);
  });

  it('an upload that a second request stores at the same moment goes too', async () => {
    const taskId = crypto.randomUUID();
    const submission = {
      taskId,
      image: new Blob([await photoWithExif()]),
      audio: new Blob([new Uint8Array(voice)]),
      fields: { persons: 1 },
    };
    await Promise.all([client.submit(submission), client.submit(submission)]);
    await client.wait(taskId);
    await client.submit(submission);

    expect(await uploadsOf(taskId)).toEqual([]);
    expect(await filesWithExif()).toEqual([]);
  });

  it('the photo of a preview goes once it is decoded', async () => {
    const form = new FormData();
    form.set('image', new Blob([await photoWithExif()]));
    const answer = await fetch(`${stack.apiUrl}/api/pipeline/previews`, { method: 'POST', body: form });
    expect(answer.status).toBe(200);

    await expect.poll(filesWithExif, { timeout: 60_000 }).toEqual([]);
  });
});

describe('by default', { timeout: 120_000 }, async () => {
  const stack = fileResources().use(await startWorkerStack({ MODELS_DIR: join(ROOT, 'models') }));

  it('uploads stay for the days of their tier', async () => {
    const client = createLimelightClient({ baseUrl: stack.apiUrl });
    const { task_id: taskId } = await client.submit({
      image: new Blob([await photoWithExif()]),
      audio: new Blob([new Uint8Array(voice)]),
    });
    expect(await client.wait(taskId)).toMatchObject({ success: true });

    const keys = await Array.fromAsync(stack.store.list(`uploads/${taskId}/`), ({ key }) => key);
    expect(keys).toHaveLength(2);
    expect((await stack.store.read(keys.find((key) => key.includes('image'))!)).includes(MARKER)).toBe(true);
  });
});
