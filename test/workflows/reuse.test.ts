import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Progress } from '../../src/contracts/schemas/messages.ts';
import { taskKeys } from '../../src/contracts/task-keys.ts';
import { createFileStore } from '../../src/storage/file/file-store.ts';
import { createTaskRecords } from '../../src/storage/task-records.ts';
import { fileResources } from '../harness/file-resources.ts';
import { createReuseHarness, type ReusedJob, type ReuseHarness } from '../harness/reuse-harness.ts';
import { openTestNamespace, startTestServer } from '../harness/temporal-server.ts';

const resources = fileResources();
let root: string;
let harness: ReuseHarness;

beforeAll(async () => {
  const server = resources.use(await openTestNamespace());
  root = await mkdtemp(join(tmpdir(), 'limelight-reuse-'));
  resources.defer(() => rm(root, { recursive: true, force: true }));
  harness = resources.use(await createReuseHarness(server, createFileStore({ root })));
});
beforeEach(async () => {
  Object.assign(harness.done, { detections: 0, cutouts: 0, videos: 0 });
  harness.lost = undefined;
  harness.dying = { activity: '', attempts: 0, when: 'before' };
  await harness.store.deleteAll('cache/');
});

const cached = () => Array.fromAsync(harness.store.list('cache/'), ({ key }) => key);

async function eventsOf({ handle }: ReusedJob): Promise<Progress['events']> {
  return (await handle.query<Progress, [number]>('progress', 0)).events;
}

async function untilSaid(job: ReusedJob, message: string): Promise<void> {
  for (let left = 500; left > 0; left--) {
    if ((await eventsOf(job)).some(({ data }) => data.message.includes(message))) return;
    await sleep(20);
  }
  expect.fail(`nobody said: ${message}`);
}

describe('a job with a cached video', () => {
  it('copies the video from the cache, and computes nothing', async () => {
    const first = await harness.submit('photo A', 'voice A');
    const made = await first.handle.result();
    const second = await harness.submit('photo A', 'voice A', { priority: 1, deadline_s: 60 });

    const result = await second.handle.result();

    expect(harness.done).toEqual({ detections: 1, cutouts: 1, videos: 1 });
    expect(made.metadata.cached).toEqual([]);
    expect(result.metadata.cached).toEqual([
      'DETECTION_RUNNING',
      'BACKGROUND_REMOVAL_RUNNING',
      'DID_PROCESSING',
    ]);
    const keys = taskKeys(second.input.taskId);
    expect(String(await harness.store.read(keys.video))).toBe('video 1');
    for (const key of [keys.thumbnail, keys.mask, keys.cutout]) {
      expect(await harness.store.stat(key)).toBeDefined();
    }
    expect(result).toMatchObject({
      task_id: second.input.taskId,
      metadata: {
        background_removal: made.metadata.background_removal,
        video: made.metadata.video,
      },
    });
    expect((await eventsOf(second)).map(({ data }) => data.stage)).toEqual([
      'INITIALIZED',
      'DID_COMPLETE',
      'COMPLETED',
    ]);
    const record = await createTaskRecords(harness).read(second.input.taskId);
    expect(record?.cache_entries).toEqual([expect.stringMatching(/^cache\/video\/[0-9a-f]{64}\/$/)]);
    expect(record?.objects.map(({ key }) => key)).toContain(keys.video);
  });

  it('keeps its video when the task that made it is erased', async () => {
    const first = await harness.submit('photo B', 'voice B');
    await first.handle.result();
    await harness.store.deleteAll(`videos/${first.input.taskId}/`);

    const second = await harness.submit('photo B', 'voice B');
    await second.handle.result();

    expect(String(await harness.store.read(taskKeys(second.input.taskId).video))).toBe('video 1');
  });

  it('is computed again if the cached video is damaged', async () => {
    const first = await harness.submit('photo C', 'voice C');
    await first.handle.result();
    const video = (await cached()).find((key) => key.endsWith('/video'));
    await writeFile(await realpath(join(root, video!)), 'videO 1');

    const second = await harness.submit('photo C', 'voice C');
    const result = await second.handle.result();

    expect(harness.done.videos).toBe(2);
    expect(String(await harness.store.read(taskKeys(second.input.taskId).video))).toBe('video 2');
    // The rest of what was made of the photo is whole.
    expect(result.metadata.cached).toEqual(['DETECTION_RUNNING', 'BACKGROUND_REMOVAL_RUNNING']);
  });

  it.each([
    ['another background', { background: '#000000' as const }],
    ['no smoothing', { apply_smoothing: false }],
    ['another person', { persons: 1 }],
    ['another threshold', { conf_threshold: 0.6 }],
  ])('is another one with %s', async (_, options) => {
    await (await harness.submit('photo D', 'voice D')).handle.result();
    await (await harness.submit('photo D', 'voice D', options)).handle.result();

    expect(harness.done.videos).toBe(2);
    expect(harness.done.detections).toBe('conf_threshold' in options ? 2 : 1);
    expect(harness.done.cutouts).toBe('apply_smoothing' in options ? 2 : 1);
  });
});

describe('a photo with cached results', () => {
  it('skips the GPU stages, and the events say so', async () => {
    await (await harness.submit('photo E', 'voice E')).handle.result();
    const job = await harness.submit('photo E', 'another voice');

    const result = await job.handle.result();

    expect(harness.done).toEqual({ detections: 1, cutouts: 1, videos: 2 });
    expect(result.metadata.cached).toEqual(['DETECTION_RUNNING', 'BACKGROUND_REMOVAL_RUNNING']);
    const complete = (await eventsOf(job)).filter(({ data }) => /^(DETEC|BACK).*COMPLETE$/.test(data.stage));
    expect(complete.map(({ data }) => [data.message.includes('(from cache)'), data.details])).toEqual([
      [true, expect.objectContaining({ from_cache: true })],
      [true, expect.objectContaining({ from_cache: true })],
    ]);
  });
});

describe('no-store', () => {
  it('neither reads nor writes the cache', async () => {
    await (await harness.submit('photo F', 'voice F', { cache: 'no-store' })).handle.result();
    expect(await cached()).toEqual([]);

    await (await harness.submit('photo F', 'voice F')).handle.result();
    const result = await (await harness.submit('photo F', 'voice F', { cache: 'no-store' })).handle.result();

    expect(harness.done).toEqual({ detections: 3, cutouts: 3, videos: 3 });
    expect(result.metadata.cached).toEqual([]);
  });
});

describe('a job whose answer from the cache is lost after its video was stored there', () => {
  it('names the entry in its record, so that it is erased with the task', async () => {
    harness.lost = 'keepVideo';
    const job = await harness.submit('photo L', 'voice L');
    await job.handle.result();

    const record = await createTaskRecords(harness).read(job.input.taskId);
    const entries = (await cached()).map((key) => key.slice(0, key.lastIndexOf('/') + 1));

    expect(entries.some((entry) => entry.startsWith('cache/video/'))).toBe(true);
    expect(new Set(record?.cache_entries)).toEqual(new Set(entries));
  });
});

describe('a job whose store is away', () => {
  it.each(['videoEntry', 'keepVideo'])(
    'waits to keep its video for identical jobs (%s)',
    async (activity) => {
      harness.away = { activity, attempts: 1 };
      await (await harness.submit('photo O', 'voice O')).handle.result();
      expect(harness.away.attempts).toBe(0);

      const result = await (await harness.submit('photo O', 'voice O')).handle.result();

      expect(harness.done.videos).toBe(1);
      expect(result.metadata.cached).toContain('DID_PROCESSING');
    },
  );

  it('gives up keeping it before its deadline, which would discard the video', async () => {
    harness.away = { activity: 'keepVideo', attempts: 100 };
    const job = await harness.submit('photo P', 'voice P', { deadline_s: 9 });

    await expect(job.handle.result()).resolves.toMatchObject({ success: true });
    harness.away.attempts = 0;
  });
});

describe('a job whose worker dies while it looks in the cache', () => {
  it('looks again, and waits for the identical job', async () => {
    harness.hold = true;
    const first = await harness.submit('photo Q', 'voice Q');
    await untilSaid(first, 'draws the frames');
    harness.dying = { activity: 'findVideo', attempts: 1, when: 'before' };
    const second = await harness.submit('photo Q', 'voice Q');
    await untilSaid(second, 'An identical task is under way');
    harness.hold = false;

    await Promise.all([first, second].map(({ handle }) => handle.result()));

    expect(harness.dying.attempts).toBe(0);
    expect(harness.done.videos).toBe(1);
  });

  it('recognises the claim that it got there as its own', async () => {
    harness.hold = true;
    harness.dying = { activity: 'findVideo', attempts: 1, when: 'after' };
    const first = await harness.submit('photo R', 'voice R');
    await untilSaid(first, 'draws the frames');
    const second = await harness.submit('photo R', 'voice R');
    await untilSaid(second, 'An identical task is under way');
    harness.hold = false;

    await Promise.all([first, second].map(({ handle }) => handle.result()));

    expect(harness.dying.attempts).toBe(0);
    expect(harness.done.videos).toBe(1);
    expect((await cached()).filter((key) => key.startsWith('cache/claims/'))).toEqual([]);
  });

  it.each(['findDetection', 'findCutout'])('makes nothing again that is there (%s)', async (activity) => {
    await (await harness.submit('photo S', 'voice S')).handle.result();
    harness.dying = { activity, attempts: 1, when: 'before' };

    await (await harness.submit('photo S', 'another voice')).handle.result();

    expect(harness.dying.attempts).toBe(0);
    expect(harness.done).toEqual({ detections: 1, cutouts: 1, videos: 2 });
  });

  it('keeps its video for identical jobs', async () => {
    harness.dying = { activity: 'keepVideo', attempts: 1, when: 'before' };
    await (await harness.submit('photo T', 'voice T')).handle.result();
    await (await harness.submit('photo T', 'voice T')).handle.result();

    expect(harness.dying.attempts).toBe(0);
    expect(harness.done.videos).toBe(1);
  });

  it('makes the video itself if that happens each time', async () => {
    harness.dying = { activity: 'findVideo', attempts: 100, when: 'before' };
    const job = await harness.submit('photo U', 'voice U');

    await expect(job.handle.result()).resolves.toMatchObject({ success: true });

    expect(harness.dying.attempts).toBe(97);
    harness.dying.attempts = 0;
  }, 60_000);
});

describe('a job that was never told of its claim', () => {
  it('gives it back all the same', async () => {
    harness.lost = 'findVideo';
    const job = await harness.submit('photo N', 'voice N');

    await job.handle.result();

    expect((await cached()).filter((key) => key.startsWith('cache/claims/'))).toEqual([]);
  });
});

describe('a retried job', () => {
  it('takes the video that an identical job has made meanwhile, and keeps its own for others', async () => {
    harness.lost = 'renderTalk';
    const failed = await harness.submit('photo M', 'voice M', {}, { retryWindowS: 60 });
    await expect(failed.handle.result()).rejects.toThrow();
    harness.lost = undefined;
    const made = harness.done.videos;

    const retried = await failed.retry();
    await retried.result();
    await (await harness.submit('photo M', 'voice M')).handle.result();

    // By the retry, and not once more by the job after it.
    expect(harness.done.videos).toBe(made + 1);
  });
});

describe('identical jobs at the same time', () => {
  it('are computed once', async () => {
    harness.hold = true;
    const first = await harness.submit('photo G', 'voice G');
    await untilSaid(first, 'draws the frames');
    const others = await Promise.all([1, 2, 3].map(() => harness.submit('photo G', 'voice G')));
    await Promise.all(others.map((job) => untilSaid(job, 'An identical task is under way')));
    harness.hold = false;

    const results = await Promise.all([first, ...others].map(({ handle }) => handle.result()));

    expect(harness.done).toEqual({ detections: 1, cutouts: 1, videos: 1 });
    expect(results.map(({ metadata }) => metadata.cached.length)).toEqual([0, 3, 3, 3]);
    expect((await cached()).filter((key) => key.startsWith('cache/claims/'))).toEqual([]);
  });

  it('are continued by the next one if the first is cancelled or fails', async () => {
    harness.hold = true;
    const first = await harness.submit('photo H', 'voice H');
    await untilSaid(first, 'draws the frames');
    const second = await harness.submit('photo H', 'voice H');
    await untilSaid(second, 'An identical task is under way');
    const third = await harness.submit('photo H', 'voice H');
    await untilSaid(third, 'An identical task is under way');
    await first.handle.cancel();
    await first.handle.result().catch(() => undefined);
    harness.failures = 1;
    harness.hold = false;

    const outcomes = await Promise.allSettled([second, third].map(({ handle }) => handle.result()));

    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(harness.done.videos).toBe(1);
  });

  it('wake one at a time while each of them fails, and the rest when one succeeds', async () => {
    harness.hold = true;
    const first = await harness.submit('photo K', 'voice K');
    await untilSaid(first, 'draws the frames');
    const others = await Promise.all([1, 2, 3, 4].map(() => harness.submit('photo K', 'voice K')));
    await Promise.all(others.map((job) => untilSaid(job, 'An identical task is under way')));
    harness.failures = 2;
    harness.hold = false;

    const outcomes = await Promise.allSettled([first, ...others].map(({ handle }) => handle.result()));

    expect(outcomes.map(({ status }) => status).sort()).toEqual([
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
    ]);
    expect(harness.done.videos).toBe(1);
    expect((await cached()).filter((key) => key.startsWith('cache/claims/'))).toEqual([]);
  });

  it('are passed over if they were cancelled in line', async () => {
    harness.hold = true;
    const first = await harness.submit('photo L', 'voice L');
    await untilSaid(first, 'draws the frames');
    const cancelled = await harness.submit('photo L', 'voice L');
    await untilSaid(cancelled, 'An identical task is under way');
    const third = await harness.submit('photo L', 'voice L');
    await untilSaid(third, 'An identical task is under way');
    await cancelled.handle.cancel();
    await cancelled.handle.result().catch(() => undefined);
    await first.handle.cancel();
    harness.hold = false;

    await third.handle.result();

    expect(harness.makers.filter((taskId) => taskId === third.input.taskId)).toHaveLength(1);
  });

  it('do not wait for one that was terminated', async () => {
    harness.hold = true;
    const first = await harness.submit('photo I', 'voice I');
    await untilSaid(first, 'draws the frames');
    await first.handle.terminate();
    harness.hold = false;

    const others = await Promise.all([1, 2, 3].map(() => harness.submit('photo I', 'voice I')));
    await Promise.all(others.map(({ handle }) => handle.result()));

    // The activity of the terminated one may have run on.
    const made = others.filter(({ input }) => harness.makers.includes(input.taskId));
    expect(made).toHaveLength(1);
  });
});

describe('a dozen identical jobs, on a server that allows few signals', () => {
  it('are computed once, and add nothing to the history of the job that they wait for', async () => {
    const server = resources.use(
      await startTestServer({
        'limit.numPendingSignals.error': 3,
        'history.maximumSignalsPerExecution': 3,
      }),
    );
    const few = resources.use(await createReuseHarness(server, harness.store));
    few.hold = true;
    const first = await few.submit('photo M', 'voice M');
    await untilSaid(first, 'draws the frames');

    const others = await Promise.all(Array.from({ length: 11 }, () => few.submit('photo M', 'voice M')));
    await Promise.all(others.map((job) => untilSaid(job, 'An identical task is under way')));

    const { events } = await first.handle.fetchHistory();
    expect(events!.filter((event) => event.workflowExecutionSignaledEventAttributes)).toEqual([]);
    few.hold = false;
    const results = await Promise.all([first, ...others].map(({ handle }) => handle.result()));
    expect(few.done.videos).toBe(1);
    expect(results.map(({ metadata }) => metadata.cached.length)).toEqual([0, ...others.map(() => 3)]);
  });
});

describe('a job that fails', () => {
  it('leaves nothing in the cache', async () => {
    harness.failures = 1;
    const job = await harness.submit('photo J', 'voice J');

    await expect(job.handle.result()).rejects.toThrow();

    expect(await cached()).toEqual([]);
    const keys = await Array.fromAsync(harness.store.list('videos/'), ({ key }) => key);
    expect(keys.filter((key) => key.includes(job.input.taskId))).toEqual([
      taskKeys(job.input.taskId).metadata,
    ]);
  });

  it.each(['detectPersons', 'removeBackground'])(
    'leaves nothing in the cache if the result of %s was lost after it was stored there',
    async (activity) => {
      harness.lost = activity;
      const job = await harness.submit('photo K', 'voice K');

      await expect(job.handle.result()).rejects.toThrow();

      expect(await cached()).toEqual([]);
    },
  );
});
