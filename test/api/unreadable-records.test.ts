import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { createLimelightClient } from '../../src/client/limelight-client.ts';
import { taskKeys } from '../../src/contracts/task-keys.ts';
import { retain } from '../../src/storage/retention/retention.ts';
import { isTaskRunning } from '../../src/temporal/temporal-jobs.ts';
import { PHOTO, VOICE } from '../harness/api/job-form-data.ts';
import { startTestPipeline } from '../harness/api/test-pipeline.ts';
import { RETENTION_RULES } from '../harness/storage/retention-rules.ts';
import { DAY_MS } from '../harness/storage/task-files.ts';

const { api } = await startTestPipeline();
const client = createLimelightClient({ baseUrl: api.url, tries: 1 });

type Damage = (taskId: string) => Promise<void>;

const rewrite =
  (change: (json: string) => string): Damage =>
  async (taskId) => {
    const { metadata } = taskKeys(taskId);
    const json = (await api.store.read(metadata)).toString();
    await api.store.put(metadata, Buffer.from(change(json)));
  };

const DAMAGES: Record<string, Damage> = {
  'has an option of another type': rewrite((json) => {
    const record = JSON.parse(json);
    record.options.apply_smoothing = 'function Object() { [native code] }';
    return JSON.stringify(record);
  }),
  'is cut off': rewrite((json) => json.slice(0, json.length / 2)),
  'is empty': rewrite(() => ''),
  'was written by a later version': rewrite((json) =>
    json.replace('"schema_version": 1', '"schema_version": 99'),
  ),
  'was changed on the disk': async (taskId) => {
    const path = (await api.files()).find((one) => one.includes(taskId) && one.includes('metadata'))!;
    const bytes = await readFile(path);
    bytes[bytes.length - 10]! ^= 1;
    await writeFile(path, bytes);
  },
};

/** A task that ended, and whose record cannot be read. */
async function makeUnreadable(damage: Damage): Promise<string> {
  const taskId = randomUUID();
  const [image, audio] = [PHOTO, VOICE].map((bytes) => new Blob([new Uint8Array(bytes)]));
  await client.submit({ taskId, image: image!, audio: audio!, fields: {} });
  await client.wait(taskId);
  await damage(taskId);
  return taskId;
}

describe.each(Object.entries(DAMAGES))('a task whose record %s', (_, damage) => {
  it('is an error of its own status, which says nothing about the schema, and no other answer fails', async () => {
    const taskId = await makeUnreadable(damage);

    const error: Error = await client.status(taskId).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: expect.stringMatching(/^(OBJECT_CORRUPT|RECORD_TOO_NEW)$/) });
    expect(error.message).not.toMatch(/✖|expected (string|boolean)|apply_smoothing/i);
    const usage = await (await fetch(`${api.url}/api/pipeline/usage`)).json();
    expect(usage).toMatchObject({
      totals: { talks: 0 },
      unreadable: expect.arrayContaining([taskId]),
    });
    await expect
      .poll(async () => (await client.list()).tasks.map(({ task_id }) => task_id), { timeout: 10_000 })
      .toContain(taskId);
    expect(await client.timelineSummary()).toMatchObject({ jobs: expect.any(Number) });
  });

  it('is erased like any other', async () => {
    const taskId = await makeUnreadable(damage);

    const receipt = await client.erase(taskId);

    expect(receipt.erased.map(({ name }) => name)).toEqual(
      expect.arrayContaining([`videos/${taskId}/video.mp4`, `videos/${taskId}/metadata.json`]),
    );
    expect((await api.files()).filter((path) => path.includes(taskId))).toEqual([]);
  });

  it('loses its files when their time is over, and so do the tasks beside it', async () => {
    const taskId = await makeUnreadable(damage);
    const intact = await makeUnreadable(async () => {});

    await retain({
      store: api.store,
      records: api.records,
      isRunning: (id) => isTaskRunning(api.jobs, id),
      rules: RETENTION_RULES,
      dryRun: false,
      now: Date.now() + 40 * DAY_MS,
    });

    for (const id of [taskId, intact]) {
      const { video, metadata } = taskKeys(id);
      expect([await api.store.stat(video), (await api.store.stat(metadata)) !== undefined]).toEqual([
        undefined,
        true,
      ]);
    }
  });
});
