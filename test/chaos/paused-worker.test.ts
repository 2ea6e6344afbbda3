import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toWorkflowId } from '../../src/contracts/messages.ts';
import { taskKeys } from '../../src/contracts/task-keys.ts';
import type { ObjectStore } from '../../src/ports/object-store.ts';
import { createFileStore } from '../../src/storage/file/file-store.ts';
import { createTaskRecords } from '../../src/storage/task-records.ts';
import { createTemporalJobs } from '../../src/temporal/temporal-jobs.ts';
import { type RoleProcess, startRole } from '../harness/stack/role-process.ts';
import { submitFiles } from '../harness/stack/submit-files.ts';
import { isSlotFolder } from '../harness/storage/slot-folders.ts';
import { startTestServer, type TestServer } from '../harness/temporal-server.ts';
import { buzz, writeVoice } from '../providers/local/talk-files.ts';

const PORTRAIT = join(import.meta.dirname, '../../samples/portrait.jpg');
/** Longer than the heartbeat timeout of an activity, 5 s. */
const PAUSE_MS = 8_000;
/** A worker that continues has nothing left to do after this time. */
const AFTERWARDS_MS = 6_000;
/** Takes the renderer longer than a worker takes to be stopped, and less than it is stopped. */
const VOICE_S = 12;

/** Two io workers, so that the other one goes on, and a GPU worker, all of them processes of `limelight up --role`. */
describe('a worker that is paused for longer than its heartbeats may be late', { timeout: 180_000 }, () => {
  const resources = new AsyncDisposableStack();
  let server: TestServer;
  let root: string;
  let store: ObjectStore;
  let voicePath: string;
  let workers: RoleProcess[];

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'limelight-paused-'));
    resources.defer(() => rm(root, { recursive: true, force: true }));
    server = resources.use(await startTestServer());
    store = createFileStore({ root: join(root, 'data') });
    voicePath = await writeVoice(join(root, 'voice.wav'), buzz(VOICE_S));
    const where = { temporalAddress: server.address, root: join(root, 'data') };
    workers = await Promise.all((['io', 'io', 'gpu'] as const).map((role) => startRole(role, where)));
    for (const worker of workers) resources.use(worker);
    await Promise.all(workers.map((worker) => worker.untilReady()));
  });
  afterAll(() => resources.disposeAsync());

  const submit = async () => {
    const jobs = createTemporalJobs(server);
    return (await submitFiles({ store, jobs }, { photoPath: PORTRAIT, voicePath }, { conf_threshold: 0.3 }))
      .taskId;
  };

  /** Stops the process that renders the task once it has stored some of the video. Its renderer, a child, goes on. */
  async function pauseRenderer(taskId: string): Promise<{ resume(): void }> {
    const handle = server.client.workflow.getHandle(toWorkflowId(taskId));
    await expect
      .poll(() => Array.fromAsync(store.list(taskKeys(taskId).parts)), { timeout: 60_000 })
      .not.toEqual([]);
    const { raw } = await handle.describe();
    const render = raw.pendingActivities?.find(({ activityType }) => activityType?.name === 'renderTalk');
    const pid = Number(render?.lastWorkerIdentity?.split('@')[0]);
    process.kill(pid, 'SIGSTOP');
    resources.defer(() => void process.kill(pid, 'SIGCONT'));
    return { resume: () => void process.kill(pid, 'SIGCONT') };
  }

  /** Every object of the task, with the time of its last write. */
  const objectsOf = async (taskId: string) => {
    const objects = await Array.fromAsync(store.list(''));
    return objects.filter(({ key }) => key.includes(taskId));
  };

  it('leaves nothing of a job that was cancelled meanwhile', async () => {
    const taskId = await submit();
    const { resume } = await pauseRenderer(taskId);
    const handle = server.client.workflow.getHandle(toWorkflowId(taskId));

    await handle.cancel();
    await expect(handle.result()).rejects.toThrow();
    expect((await handle.describe()).status.name).toBe('CANCELLED');
    const ended = await objectsOf(taskId);
    expect(ended.map(({ key }) => key)).toEqual([taskKeys(taskId).metadata]);
    await sleep(PAUSE_MS);
    resume();
    await sleep(AFTERWARDS_MS);

    expect(await objectsOf(taskId)).toEqual(ended);
    expect(await createTaskRecords({ store }).read(taskId)).toMatchObject({
      outcome: { error: { code: 'TASK_CANCELLED' } },
    });
    const scratch = join(root, 'data/.scratch');
    const left = async () =>
      (await readdir(scratch, { recursive: true })).filter((name) => !isSlotFolder(join(scratch, name)));
    await expect.poll(left).toEqual([]);
  });

  it('changes nothing of a job that another worker has completed meanwhile', async () => {
    const taskId = await submit();
    const { resume } = await pauseRenderer(taskId);

    await server.client.workflow.getHandle(toWorkflowId(taskId)).result();
    const completed = await objectsOf(taskId);
    await sleep(PAUSE_MS);
    resume();
    await sleep(AFTERWARDS_MS);

    expect(await objectsOf(taskId)).toEqual(completed);
    expect(await createTaskRecords({ store }).read(taskId)).toMatchObject({ outcome: { success: true } });
  });
});
