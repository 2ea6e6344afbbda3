import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createLimelightClient } from '../../src/client/limelight-client.ts';
import { taskKeys } from '../../src/contracts/task-keys.ts';
import { PHOTO, VOICE } from '../harness/api/job-form-data.ts';
import { startTestPipeline } from '../harness/api/test-pipeline.ts';

const { api } = await startTestPipeline();
const client = createLimelightClient({ baseUrl: api.url, tries: 1 });

/** A task that ended, and whose record fails its schema. */
async function makeUnreadable(): Promise<string> {
  const taskId = randomUUID();
  const [image, audio] = [PHOTO, VOICE].map((bytes) => new Blob([new Uint8Array(bytes)]));
  await client.submit({ taskId, image: image!, audio: audio!, fields: {} });
  await client.wait(taskId);
  const { metadata } = taskKeys(taskId);
  const record = JSON.parse((await api.store.read(metadata)).toString());
  record.options.apply_smoothing = 'function Object() { [native code] }';
  await api.store.put(metadata, Buffer.from(JSON.stringify(record)));
  return taskId;
}

describe('a task whose record cannot be read', () => {
  it('is an error of its own status, and no other answer fails because of it', async () => {
    const taskId = await makeUnreadable();

    await expect(client.status(taskId)).rejects.toMatchObject({ code: 'OBJECT_CORRUPT' });
    const usage = await (await fetch(`${api.url}/api/pipeline/usage`)).json();
    expect(usage).toMatchObject({ totals: { talks: 0 }, unreadable: [taskId] });
    await expect
      .poll(async () => (await client.list()).tasks.map(({ task_id }) => task_id), { timeout: 10_000 })
      .toContain(taskId);
    expect(await client.timelineSummary()).toMatchObject({ jobs: expect.any(Number) });
  });

  it('is erased like any other', async () => {
    const taskId = await makeUnreadable();

    const receipt = await client.erase(taskId);

    expect(receipt.erased.map(({ name }) => name)).toEqual(
      expect.arrayContaining([`videos/${taskId}/video.mp4`, `videos/${taskId}/metadata.json`]),
    );
    expect((await api.files()).filter((path) => path.includes(taskId))).toEqual([]);
  });
});
