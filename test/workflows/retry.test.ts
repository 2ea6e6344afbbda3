import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { PROGRESS_QUERY, toWorkflowId } from '../../src/contracts/messages.ts';
import { QUEUES } from '../../src/contracts/queues.ts';
import { RETRY_UPDATE, type RetryState, toRetryWindowId } from '../../src/contracts/retry.ts';
import type { RemoteProviderFacts } from '../../src/contracts/schemas/job.ts';
import type { JobFailure, JobResult } from '../../src/contracts/schemas/job-outcome.ts';
import type { MadeVideo, Progress } from '../../src/contracts/schemas/messages.ts';
import { isTerminal } from '../../src/contracts/stages.ts';
import { taskPrefix } from '../../src/contracts/task-keys.ts';
import type { tidyUpRemoteTalk } from '../../src/workflows/remote-talk/tidy-up.ts';
import { fileResources } from '../harness/file-resources.ts';
import { toStored } from '../harness/happy-activities.ts';
import { JOB_OPTIONS } from '../harness/job-options.ts';
import { createHarness, type PipelineRun } from '../harness/pipeline-harness.ts';
import { providersOf } from '../harness/providers.ts';
import { openTestNamespace } from '../harness/temporal-server.ts';

const resources = fileResources();
const server = resources.use(await openTestNamespace());
const harness = resources.use(await createHarness(server));

const taskIdOf = ({ handle }: PipelineRun) => handle.workflowId.split('/')[1]!;
const window = (run: PipelineRun) => server.client.workflow.getHandle(toRetryWindowId(taskIdOf(run)));
const latest = (run: PipelineRun) => server.client.workflow.getHandle(toWorkflowId(taskIdOf(run)));
const retry = (run: PipelineRun, from: string | null = null) =>
  window(run).executeUpdate<RetryState, [string | null]>(RETRY_UPDATE, { args: [from] });

/** The record is written whenever there is news. */
const workOf = (calls: string[]) => calls.filter((call) => call !== 'recordTask');

/** Fails for good with the code the first time, and gives what the activity would the next. */
function failsOnce<T>(code: string, then: T): () => Promise<T> {
  let calls = 0;
  return async () => {
    calls += 1;
    if (calls === 1) {
      throw ApplicationFailure.create({ type: code, message: `${code} happened`, nonRetryable: true });
    }
    return then;
  };
}

const TALK = {
  widthPx: 512,
  heightPx: 512,
  durationS: 11,
  warnings: [],
  video: { key: 'videos/x/video.mp4', bytes: 1, sha256: 'd'.repeat(64) },
};

const PREPARED = {
  photo: { widthPx: 640, heightPx: 480, format: 'jpeg' },
  voice: { durationS: 11, sampleRateHz: 44_100, channels: 1, format: 'wav', peakDb: -3 },
  warnings: [],
  stored: ['photo.png', 'voice.wav'].map((name) => toStored(`processed/x/${name}`)),
};

/** Made by an identical job. */
const VIDEO: MadeVideo = {
  person_detection: { total_persons: 1, selected_person_id: 1, confidence: 0.9, persons: [] },
  background_removal: { input_size: 512 },
  provider: { name: 'local', degraded: false },
  video: {
    width_px: 512,
    height_px: 512,
    duration_s: 11,
    bytes: 1,
    sha256: 'd'.repeat(64),
    content_type: 'video/mp4',
  },
  cached: [],
  warnings: [],
};

describe('a job that failed for a temporary reason', () => {
  it('continues from the failed stage under its id, and repeats nothing', async () => {
    const run = await harness.run(
      { renderTalk: failsOnce('SLOT_CRASHED', TALK) },
      { retryWindowS: 60, job: { persons: 2 } },
    );
    const failure = run.written.at(-1)!.outcome;
    const before = [...run.calls];

    await retry(run);
    const result = (await latest(run).result()) as JobResult;

    expect(failure).toMatchObject({
      success: false,
      error: {
        stage: 'DID_PROCESSING',
        retry: { from: ['upload', 'detection', 'background', 'provider'] },
        compensated: ['video'],
      },
    });
    expect(before.filter((call) => call.startsWith('discard'))).toEqual(['discard videos temp']);
    expect(workOf(run.calls.slice(before.length))).toEqual(['amendTask', 'renderTalk', 'finishVideo']);
    expect(result.metadata.person_detection.selected_person_id).toBe(2);
    await window(run).result();
  });

  it('has one sequence of events with one end', async () => {
    const run = await harness.run({ renderTalk: failsOnce('SLOT_CRASHED', TALK) }, { retryWindowS: 60 });
    const told = run.written.at(-1)!.events;

    await retry(run);
    await latest(run).result();
    const { events } = await latest(run).query<Progress, [number]>(PROGRESS_QUERY, 0);

    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(events.filter(({ data }) => isTerminal(data.stage)).map(({ data }) => data.stage)).toEqual([
      'COMPLETED',
    ]);
    // Whoever had read the failure goes on with the next.
    expect(events[told.length - 1]).toMatchObject({
      seq: told.length,
      data: { stage: 'DID_PROCESSING', message: 'Failed: SLOT_CRASHED happened' },
    });
    expect(run.written.at(-1)!.events).toEqual(events);
  });

  it('repeats the stages it is asked to', async () => {
    const run = await harness.run({ renderTalk: failsOnce('SLOT_CRASHED', TALK) }, { retryWindowS: 60 });
    run.calls.length = 0;

    await retry(run, 'detection');
    await latest(run).result();

    expect(workOf(run.calls)).toEqual([
      'amendTask',
      'detectPersons',
      'removeBackground',
      'composePortrait',
      'renderTalk',
      'finishVideo',
    ]);
  });

  it('refuses to continue from a stage it never reached, and says why', async () => {
    const run = await harness.run(
      {
        detectPersons: failsOnce('DEVICE_FAILED', { widthPx: 1, heightPx: 1, persons: [], timingsMs: {} }),
      },
      { retryWindowS: 60 },
    );

    await expect(retry(run, 'provider')).rejects.toMatchObject({
      cause: {
        type: 'RETRY_IMPOSSIBLE',
        message:
          'The task failed at DETECTION_RUNNING and can continue from upload, detection, not from provider.',
      },
    });
  });

  it('can fail and be retried more than once', async () => {
    let calls = 0;
    const run = await harness.run(
      {
        async renderTalk() {
          calls += 1;
          if (calls < 3) {
            throw ApplicationFailure.create({ type: 'SLOT_CRASHED', message: 'again', nonRetryable: true });
          }
          return TALK;
        },
      },
      { retryWindowS: 60 },
    );

    await retry(run);
    await expect(latest(run).result()).rejects.toThrow();
    await retry(run);
    await latest(run).result();

    expect(calls).toBe(3);
  });

  it('is undone when the window closes', async () => {
    const run = await harness.run({ renderTalk: failsOnce('SLOT_CRASHED', TALK) }, { retryWindowS: 1 });
    expect(run.written.at(-1)!.objects.length).toBeGreaterThan(0);

    await window(run).result();

    expect(run.calls.slice(-2)).toEqual(['discard uploads processed', 'amendTask']);
    const { objects, outcome } = run.written.at(-1)!;
    expect(objects).toEqual([]);
    expect(outcome).toMatchObject({ error: { compensated: ['video', 'processed files', 'uploads'] } });
    expect(outcome).not.toHaveProperty('error.retry');
  });

  it.each([
    ['its client wants no retry', 60, 0, []],
    ['the server keeps nothing', 0, 60, []],
    ['its client allows a retry', 60, 30, ['upload', 'detection', 'background', 'provider']],
  ])('is kept for the shorter time: %s', async (_, retryWindowS, retry_window_s, from) => {
    const run = await harness.run(
      { renderTalk: failsOnce('SLOT_CRASHED', TALK) },
      { retryWindowS, job: { retry_window_s } },
    );

    const { outcome, updated_at } = run.written.at(-1)!;
    const { retry: offer } = (outcome as JobFailure).error;
    expect(offer?.from ?? []).toEqual(from);
    if (offer) {
      const seconds = (Date.parse(offer.until) - Date.parse(updated_at)) / 1000;
      expect(seconds).toBeGreaterThan(25);
      expect(seconds).toBeLessThanOrEqual(30);
    }
  });

  it('is undone at once when its window is cancelled', async () => {
    const run = await harness.run({ renderTalk: failsOnce('SLOT_CRASHED', TALK) }, { retryWindowS: 60 });

    await window(run).cancel();
    await window(run).result();

    expect(run.calls.slice(-2)).toEqual(['discard uploads processed', 'amendTask']);
  });
});

describe('a job that is cancelled in its last moment', () => {
  it('leaves no retry window, whenever the cancellation arrives before its end', async () => {
    let accepted = 0;
    for (let round = 0; round < 12; round += 1) {
      let cancelling: Promise<boolean> | undefined;
      const run = await harness.run(
        {
          renderTalk: failsOnce('SLOT_CRASHED', TALK),
          async recordTask({ task_id, outcome }) {
            if (outcome?.success !== false || cancelling) return;
            const job = server.client.workflow.getHandle(toWorkflowId(task_id));
            // Together with the answer of this activity, after which the job closes.
            cancelling = job.cancel().then(
              () => true,
              () => false,
            );
          },
        },
        { retryWindowS: 60 },
      );
      if (await cancelling) {
        accepted += 1;
        await window(run).result();
      } else {
        await window(run).cancel();
      }
    }
    expect(accepted).toBeGreaterThan(0);
  });
});

/** A workflow that succeeds at once, under an id that another one needs. */
const startImpostor = (workflowId: string, taskQueue: string = QUEUES.pipeline) =>
  server.client.workflow.start<typeof tidyUpRemoteTalk>('tidyUpRemoteTalk', {
    workflowId,
    taskQueue,
    args: [
      {
        provider: providersOf({ ...JOB_OPTIONS, provider: 'd-id' }).provider as RemoteProviderFacts,
        requestId: 'impostor',
        timeScale: 1,
        voiceS: 1,
        mayHaveUnknownTalk: false,
        hasPlace: false,
        attempt: 1,
      },
    ],
  });

describe('a retry window', () => {
  it('tries again to start the job, and the caller learns that the retry waits', async () => {
    const run = await harness.run({ renderTalk: failsOnce('SLOT_CRASHED', TALK) }, { retryWindowS: 60 });
    // A job can only be started again if its last run has failed.
    await (await startImpostor(run.handle.workflowId)).result();

    const answer = await retry(run);
    const failed = await startImpostor(run.handle.workflowId, 'nobody-polls-this-queue');
    await failed.terminate();
    await window(run).result();

    expect(answer).toBe('waiting');
    expect(await latest(run).result()).toMatchObject({ success: true });
    expect(run.calls.filter((call) => call === 'renderTalk')).toHaveLength(2);
  });

  it('opens once that of the earlier attempt has ended', async () => {
    let earlier: Awaited<ReturnType<typeof startImpostor>>;
    const run = await harness.run(
      {
        async renderTalk() {
          setTimeout(() => void earlier.terminate(), 1_000);
          throw ApplicationFailure.create({ type: 'SLOT_CRASHED', message: 'again', nonRetryable: true });
        },
      },
      {
        retryWindowS: 60,
        async during(run) {
          earlier = await startImpostor(window(run).workflowId, 'nobody-polls-this-queue');
        },
      },
    );

    expect((await window(run).describe()).status.name).toBe('RUNNING');
    expect(run.written.at(-1)!.outcome).toMatchObject({ error: { retry: expect.any(Object) } });
  });

  it('is not opened for a job that is cancelled while it fails', async () => {
    let isUndoing = false;
    const cancelled = Promise.withResolvers<void>();
    const run = await harness.run(
      {
        renderTalk: failsOnce('SLOT_CRASHED', TALK),
        async discard({ prefixes }) {
          isUndoing ||= prefixes?.some((prefix) => prefix.startsWith('temp/')) ?? false;
          await cancelled.promise;
        },
      },
      {
        retryWindowS: 60,
        async during({ handle }) {
          await expect.poll(() => isUndoing).toBe(true);
          await handle.cancel();
          cancelled.resolve();
        },
      },
    );

    const { objects, outcome } = run.written.at(-1)!;
    expect(objects).toEqual([]);
    expect(outcome).toMatchObject({ error: { compensated: ['video', 'processed files', 'uploads'] } });
    expect(outcome).not.toHaveProperty('error.retry');
    await expect(window(run).describe()).rejects.toThrow();
  });
});

describe('a retry window while the storage does not respond', () => {
  const away = () =>
    ApplicationFailure.create({ type: 'STORAGE_UNAVAILABLE', message: 'The object store does not respond' });

  it('is open before the record that offers the retry, and its retry goes on once the failed job has closed', async () => {
    let ends = 0;
    let answer: RetryState | undefined;
    const run = await harness.run(
      {
        renderTalk: failsOnce('SLOT_CRASHED', TALK),
        async recordTask({ outcome }) {
          if (!outcome || outcome.success) return;
          ends += 1;
          if (ends <= 2) throw away();
        },
      },
      {
        retryWindowS: 60,
        async during(run) {
          await expect.poll(() => ends, { timeout: 20_000 }).toBeGreaterThan(0);
          answer = await retry(run);
        },
      },
    );

    expect(answer).toBe('waiting');
    expect(ends).toBe(3);
    await window(run).result();
    const result = (await latest(run).result()) as JobResult;
    expect(result.success).toBe(true);
    const { events } = await latest(run).query<Progress, [number]>(PROGRESS_QUERY, 0);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(run.written.at(-1)).toMatchObject({ events, outcome: { success: true } });
  }, 60_000);

  it('opens, and the job ends, even if the last record is never written', async () => {
    const run = await harness.run(
      {
        renderTalk: failsOnce('SLOT_CRASHED', TALK),
        async recordTask({ outcome }) {
          if (outcome && !outcome.success) {
            throw ApplicationFailure.create({ type: 'OBJECT_CORRUPT', message: 'No', nonRetryable: true });
          }
        },
      },
      { retryWindowS: 60 },
    );

    const { outcome } = await run.handle.query<Progress, [number]>(PROGRESS_QUERY, 0);
    expect(outcome).toMatchObject({ success: false, error: { code: 'SLOT_CRASHED' } });
    await retry(run);
    expect(await latest(run).result()).toMatchObject({ success: true });
  });

  it('loses no retry if the record cannot be amended', async () => {
    const run = await harness.run(
      {
        renderTalk: failsOnce('SLOT_CRASHED', TALK),
        async amendTask() {
          throw away();
        },
      },
      { retryWindowS: 60 },
    );

    await retry(run);

    expect(await latest(run).result()).toMatchObject({ success: true });
    expect((await window(run).describe()).status.name).toBe('COMPLETED');
  });

  it('waits for the storage to undo the rest, and refuses a retry meanwhile with the reason', async () => {
    const tried: string[] = [];
    const triesOf = (uploads: string) => tried.filter((prefix) => prefix === uploads).length;
    const run = await harness.run(
      {
        renderTalk: failsOnce('SLOT_CRASHED', TALK),
        async discard({ prefixes }) {
          const uploads = prefixes?.find((prefix) => prefix.startsWith('uploads/'));
          if (!uploads) return;
          tried.push(uploads);
          if (triesOf(uploads) <= 2) throw away();
        },
      },
      { retryWindowS: 1 },
    );

    // Windows of earlier tests may close meanwhile.
    const uploads = taskPrefix('uploads', taskIdOf(run));
    await expect.poll(() => triesOf(uploads), { timeout: 20_000 }).toBeGreaterThan(0);
    await expect(retry(run)).rejects.toMatchObject({
      cause: { type: 'RETRY_IMPOSSIBLE', message: expect.stringContaining('are being deleted') },
    });
    await window(run).result();

    expect(triesOf(uploads)).toBe(3);
    expect(run.written.at(-1)!.objects).toEqual([]);
  }, 60_000);
});

describe('a job that failed because of its input', () => {
  it('is undone at once, whatever the retry window', async () => {
    const run = await harness.run(
      { prepareMedia: failsOnce('AUDIO_SILENT', undefined as never) },
      { retryWindowS: 60 },
    );

    expect(workOf(run.calls).slice(-2)).toEqual(['discard processed', 'discard uploads']);
    expect(run.written.at(-1)!.outcome).not.toHaveProperty('error.retry');
  });
});

describe('a job whose uploads are not kept', () => {
  const uploadsIn = (run: PipelineRun) =>
    run.written.at(-1)!.objects.filter(({ key }) => key.startsWith('uploads/'));

  it('deletes them once they are decoded, and a retry continues from what was decoded', async () => {
    const run = await harness.run(
      { renderTalk: failsOnce('SLOT_CRASHED', TALK) },
      { retryWindowS: 60, deletesOriginals: true },
    );
    // Windows of earlier tests may close meanwhile.
    const own = workOf(run.calls).filter((call) => call !== 'discard uploads processed');
    expect(own.slice(0, 3)).toEqual(['prepareMedia', 'discard uploads', 'detectPersons']);
    expect(uploadsIn(run)).toEqual([]);
    expect(run.written.at(-1)!.outcome).toMatchObject({
      error: { retry: { from: ['detection', 'background', 'provider'] } },
    });

    await expect(retry(run, 'upload')).rejects.toMatchObject({
      cause: { type: 'RETRY_IMPOSSIBLE', message: expect.stringContaining('not from upload') },
    });
    run.calls.length = 0;
    await retry(run);
    await latest(run).result();

    expect(run.calls).toEqual(expect.arrayContaining(['renderTalk', 'finishVideo']));
    expect(run.calls).not.toContain('prepareMedia');
    expect(run.calls).not.toContain('discard uploads');
    expect(uploadsIn(run)).toEqual([]);
  });

  it('keeps them until they are decoded', async () => {
    const run = await harness.run(
      { prepareMedia: failsOnce('SLOT_CRASHED', PREPARED) },
      { retryWindowS: 60, deletesOriginals: true },
    );
    expect(run.calls).not.toContain('discard uploads');
    expect(uploadsIn(run)).toHaveLength(2);

    await retry(run);
    await latest(run).result();

    expect(run.calls).toContain('discard uploads');
    expect(uploadsIn(run)).toEqual([]);
  });

  it('deletes them without decoding if there is a video of the same files', async () => {
    const run = await harness.run(
      {
        findVideo: async () => ({ kind: 'hit', video: VIDEO, stored: [], entry: 'cache/video/a/' }),
      },
      { deletesOriginals: true, job: { cache: 'use' } },
    );

    expect(run.calls).not.toContain('prepareMedia');
    expect(run.calls).toContain('discard uploads');
    expect(uploadsIn(run)).toEqual([]);
    expect(run.outcome.status).toBe('fulfilled');
  });
});
