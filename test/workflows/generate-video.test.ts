import { heartbeat, sleep } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import type { Progress } from '../../src/contracts/schemas/messages.ts';
import { toRefusal } from '../../src/providers/local/face/to-refusal.ts';
import { fileResources } from '../harness/file-resources.ts';
import { type Activities, happyActivities, STAGE_ACTIVITIES } from '../harness/happy-activities.ts';
import { createHarness, type PipelineRun } from '../harness/pipeline-harness.ts';
import { openTestNamespace } from '../harness/temporal-server.ts';

const resources = fileResources();
const server = resources.use(await openTestNamespace());
const harness = resources.use(await createHarness(server));

const UNDO_ALL = ['discard videos temp', 'discard processed', 'discard uploads'];

function fail(type: string, nonRetryable = false): never {
  // Tests do not wait for the back-off.
  throw ApplicationFailure.create({
    type,
    message: `${type} happened`,
    nonRetryable,
    nextRetryDelay: '1 ms',
  });
}

async function progressOf({ handle }: PipelineRun, since?: number): Promise<Progress> {
  return handle.query<Progress, [since?: number]>('progress', since);
}

describe('generateVideo', () => {
  it('runs every stage in order and ends with the result', async () => {
    const run = await harness.run({});

    expect(run.calls.filter((name) => name !== 'recordTask')).toEqual(STAGE_ACTIVITIES);
    expect(run.outcome).toMatchObject({ status: 'fulfilled', value: { success: true } });
    const { events, outcome } = await progressOf(run);
    expect(events.map((event) => [event.seq, event.data.stage, event.data.progress_percent])).toEqual([
      [1, 'INITIALIZED', 0],
      [2, 'UPLOAD_COMPLETE', 20],
      [3, 'DETECTION_RUNNING', 25],
      [4, 'DETECTION_COMPLETE', 40],
      [5, 'BACKGROUND_REMOVAL_RUNNING', 50],
      [6, 'BACKGROUND_REMOVAL_COMPLETE', 60],
      [7, 'DID_UPLOAD', 70],
      [8, 'DID_PROCESSING', 75],
      [9, 'DID_COMPLETE', 80],
      [10, 'FINALIZING', 90],
      [11, 'COMPLETED', 100],
    ]);
    expect(events[3]?.data.message).toBe('Detected 2 people, selected person #1');
    expect(outcome).toMatchObject({ success: true });
    expect(await progressOf(run, 9)).toMatchObject({ events: [{ seq: 10 }, { seq: 11 }] });
  });

  it('writes the final record before it reports the end', async () => {
    const run = await harness.run({});

    const { events } = await progressOf(run);
    expect(run.written.at(-1)).toMatchObject({ outcome: { success: true }, events });
    expect(run.written.at(-1)?.objects.map(({ key }) => key.split('/').at(-1))).toEqual([
      'image-aaaaaaaaaaaaaaaa',
      'audio-bbbbbbbbbbbbbbbb',
      'photo.png',
      'voice.wav',
      'mask.png',
      'cutout.png',
      'plate.png',
      'portrait.png',
      'video.mp4',
      'thumbnail.jpg',
    ]);
  });

  it('tries a failing activity three times, and continues after a success', async () => {
    let attempts = 0;
    const run = await harness.run({
      async detectPersons() {
        attempts += 1;
        if (attempts < 3) fail('SLOT_CRASHED');
        return {
          widthPx: 1,
          heightPx: 1,
          persons: [{ id: 1, confidence: 0.9, box: [0, 0, 1, 1] }],
          timingsMs: {},
        };
      },
    });

    expect(attempts).toBe(3);
    expect(run.outcome.status).toBe('fulfilled');
  });

  it.each([
    ['STORAGE_FULL', 'disk_space', 'The disk is full. The task continues when there is space again.'],
    [
      'STORAGE_UNAVAILABLE',
      'storage',
      'Waiting for storage, which does not respond. The task continues when it does.',
    ],
  ])(
    'waits out %s at every stage, tells readers, and spends no attempt on it',
    async (code, waiting_for, message) => {
      const failed = new Set<string>();
      const once =
        <Name extends keyof Activities>(name: Name) =>
        async (request: never) => {
          if (!failed.has(name)) {
            failed.add(name);
            // By itself it may be retried: the workflow must not let Temporal do it.
            throw ApplicationFailure.create({ type: code, message: `${code} happened` });
          }
          return (happyActivities()[name] as (request: never) => Promise<never>)(request);
        };
      const run = await harness.run(
        Object.fromEntries(['findVideo' as const, ...STAGE_ACTIVITIES].map((name) => [name, once(name)])),
        { job: { cache: 'use' } },
      );

      expect(run.outcome.status).toBe('fulfilled');
      expect(failed.size).toBe(STAGE_ACTIVITIES.length + 1);
      const { events } = await progressOf(run);
      const waits = events.filter(({ data }) => data.details?.waiting_for === waiting_for);
      expect(new Set(waits.map(({ data }) => data.message))).toEqual(new Set([message]));
      expect([...new Set(waits.map(({ data }) => data.stage))]).toEqual([
        'INITIALIZED',
        'DETECTION_RUNNING',
        'BACKGROUND_REMOVAL_RUNNING',
        'DID_PROCESSING',
        'FINALIZING',
      ]);
    },
    60_000,
  );

  it.each(['STORAGE_FULL', 'STORAGE_UNAVAILABLE', 'OBJECT_CORRUPT'])(
    'reports its video once, in order, even if its record meets %s',
    async (code) => {
      let attempts = 0;
      const run = await harness.run({
        async recordTask({ outcome }) {
          attempts += outcome ? 1 : 0;
          if (outcome && attempts <= 2) fail(code, code === 'OBJECT_CORRUPT');
        },
      });

      expect(attempts).toBe(code === 'OBJECT_CORRUPT' ? 1 : 3);
      expect(run.outcome).toMatchObject({ status: 'fulfilled', value: { success: true } });
      expect(run.calls.filter((name) => name.startsWith('discard'))).toEqual([]);
      const { events, isUnrecorded } = await progressOf(run);
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
      expect(events.at(-1)?.data.stage).toBe('COMPLETED');
      // Without it, the API would take the task for an erased one.
      expect(isUnrecorded).toBe(code === 'OBJECT_CORRUPT' ? true : undefined);
      if (code !== 'OBJECT_CORRUPT') expect(run.written.at(-1)?.events).toEqual(events);
    },
    60_000,
  );

  it('tells readers that its undo waits for the storage, and is undone once it responds', async () => {
    let attempts = 0;
    const run = await harness.run({
      renderTalk: async () => fail('FACE_UNSUITABLE', true),
      async discard() {
        attempts += 1;
        if (attempts <= 2) fail('STORAGE_UNAVAILABLE');
      },
    });

    const { events, outcome } = await progressOf(run);
    expect(events.at(-2)?.data.details).toEqual({ waiting_for: 'storage' });
    expect(outcome).toMatchObject({ error: { compensated: ['video', 'processed files', 'uploads'] } });
  }, 60_000);

  it('ends as cancelled, with nothing left, if the worker of its stage is silent', async () => {
    const run = await harness.run(
      {
        // Beats once, as a worker that is stopped then does.
        async renderTalk() {
          heartbeat();
          return sleep(3_600_000) as Promise<never>;
        },
      },
      {
        retryWindowS: 60,
        async during({ handle, calls }) {
          await expect.poll(() => calls, { timeout: 10_000 }).toContain('renderTalk');
          await handle.cancel();
        },
      },
    );

    expect((await run.handle.describe()).status.name).toBe('CANCELLED');
    expect((await progressOf(run)).outcome).toMatchObject({ error: { code: 'TASK_CANCELLED' } });
    expect(run.calls.filter((name) => name.startsWith('discard'))).toEqual(UNDO_ALL);
  }, 60_000);

  it('writes the record at each stage, in order', async () => {
    const run = await harness.run({ renderTalk: async () => fail('FACE_UNSUITABLE', true) });

    const seqs = run.written.map(({ events }) => events.at(-1)?.seq ?? 0);
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
    expect(run.written.length).toBeGreaterThan(3);
    const beforeTheEnd = run.written.filter(({ outcome }) => outcome === undefined).at(-1);
    expect(beforeTheEnd?.events.at(-1)?.data.stage).toBe('DID_PROCESSING');
    expect(beforeTheEnd?.objects.map(({ key }) => key.split('/').at(-1))).toContain('cutout.png');
  });

  it('suggests another person if the face of one of several is unsuitable', async () => {
    const run = await harness.run({ renderTalk: async () => fail('FACE_UNSUITABLE', true) });

    expect((await progressOf(run)).outcome).toMatchObject({
      error: {
        code: 'FACE_UNSUITABLE',
        message: 'FACE_UNSUITABLE happened Or choose another person: the photo shows 2, and this is #1.',
      },
    });
    // Whoever looks into Temporal sees which activity it was.
    expect(run.outcome).toMatchObject({
      reason: { cause: { cause: { cause: { activityType: 'renderTalk' } } } },
    });
  });

  it('keeps what is wrong with the face as facts, also with another person suggested', async () => {
    const face = { reason: 'too_small', height_px: 31, min_height_px: 70 } as const;
    const { message, details } = toRefusal(face);
    const run = await harness.run({
      async renderTalk() {
        throw ApplicationFailure.create({
          type: 'FACE_UNSUITABLE',
          message,
          nonRetryable: true,
          details: [details],
        });
      },
    });

    expect((await progressOf(run)).outcome).toMatchObject({
      error: { face, message: expect.stringMatching(/31 pixels .* at least 70 .* Or choose another person/) },
    });
    expect(run.written.at(-1)?.outcome).toMatchObject({ error: { face } });
  });

  it('undoes everything, newest first, after the third failure', async () => {
    const run = await harness.run({ renderTalk: async () => fail('SLOT_CRASHED') });

    expect(run.calls.filter((name) => name === 'renderTalk')).toHaveLength(3);
    expect(run.calls.filter((name) => name.startsWith('discard'))).toEqual(UNDO_ALL);
    const { outcome, events } = await progressOf(run);
    expect(outcome).toMatchObject({
      success: false,
      error: {
        code: 'SLOT_CRASHED',
        stage: 'DID_PROCESSING',
        retryable: true,
        compensated: ['video', 'processed files', 'uploads'],
      },
    });
    expect(events.at(-1)?.data).toMatchObject({ stage: 'FAILED', progress_percent: 75 });
    expect(run.written.at(-1)).toMatchObject({ objects: [], outcome: { success: false } });
  });

  it('does not retry errors that are not retryable', async () => {
    const run = await harness.run({ prepareMedia: async () => fail('MEDIA_UNDECODABLE', true) });

    expect(run.calls.filter((name) => name === 'prepareMedia')).toHaveLength(1);
    expect(run.outcome).toMatchObject({
      status: 'rejected',
      reason: { cause: { type: 'MEDIA_UNDECODABLE' } },
    });
  });

  it('reports the confidence of the best candidate if no person is found', async () => {
    const run = await harness.run({
      detectPersons: async () => ({
        widthPx: 1,
        heightPx: 1,
        persons: [],
        bestBelowThreshold: 0.31,
        timingsMs: {},
      }),
    });

    expect((await progressOf(run)).outcome).toMatchObject({
      error: { code: 'PERSON_NOT_FOUND', message: expect.stringContaining('the best guess reached 0.31') },
    });
  });

  it('continues with the turned photo, and says that it was turned', async () => {
    const used: string[] = [];
    const happy = happyActivities();
    const run = await harness.run({
      detectPersons: async ({ turnedKey }) => ({
        widthPx: 480,
        heightPx: 640,
        turnedDegrees: 90,
        turned: { key: turnedKey, bytes: 1, sha256: 'd'.repeat(64) },
        persons: [{ id: 1, confidence: 0.9, box: [10, 10, 400, 600] }],
        timingsMs: {},
      }),
      removeBackground: async (request) => {
        used.push(request.photoKey);
        return happy.removeBackground(request);
      },
      composePortrait: async (request) => {
        used.push(request.photoKey);
        return happy.composePortrait(request);
      },
    });

    const { events, outcome } = await progressOf(run);
    expect(used).toEqual([
      expect.stringContaining('/photo-turned.png'),
      expect.stringContaining('/photo-turned.png'),
    ]);
    expect(outcome).toMatchObject({
      metadata: {
        person_detection: { turned_degrees: 90 },
        warnings: ['The photo lay on its side, so it was turned upright.'],
      },
    });
    expect(events.find(({ data }) => data.stage === 'DETECTION_COMPLETE')?.data).toMatchObject({
      message: 'Detected 1 person, selected person #1. The photo lay on its side, so it was turned upright',
      details: { turned_degrees: 90, photo: { widthPx: 480, heightPx: 640 } },
    });
    expect(run.written.at(-1)?.objects.map(({ key }) => key)).toContainEqual(
      expect.stringContaining('/photo-turned.png'),
    );
  });

  it('reports a failed device in messages, events and result', async () => {
    const fallbacks = [
      { from: 'big at 1024 px on cuda', to: 'big at 768 px on cuda', reason: 'out of memory' },
      { from: 'big at 768 px on cuda', to: 'big at 1024 px on cpu', reason: 'out of memory' },
    ];
    const run = await harness.run({
      removeBackground: async ({ maskKey, cutoutKey }) => ({
        inputSize: 1024,
        coverage: 0.4,
        fallbacks,
        timingsMs: {},
        mask: { key: maskKey, bytes: 1, sha256: 'c'.repeat(64) },
        cutout: { key: cutoutKey, bytes: 1, sha256: 'c'.repeat(64) },
      }),
    });

    const { events, outcome } = await progressOf(run);
    expect(outcome).toMatchObject({ metadata: { background_removal: { fallbacks } } });
    expect(outcome).not.toHaveProperty('metadata.person_detection.fallbacks');
    expect(events.find(({ data }) => data.stage === 'BACKGROUND_REMOVAL_COMPLETE')?.data).toMatchObject({
      message: expect.stringMatching(
        /; computed by big at 1024 px on cpu, as big at 1024 px on cuda failed: out of memory$/,
      ),
      details: { fallbacks },
    });
  });

  it('refuses a person that is not in the photo', async () => {
    const run = await harness.run({}, { job: { persons: 3 } });

    expect((await progressOf(run)).outcome).toMatchObject({
      error: { code: 'PERSON_CHOICE_INVALID', message: expect.stringContaining('2 people were found') },
    });
    expect(run.calls).not.toContain('removeBackground');
  });

  it('waits for the last write of a cancelled activity before it undoes it', async () => {
    const order: string[] = [];
    const run = await harness.run(
      {
        async renderTalk() {
          try {
            for (;;) {
              heartbeat();
              await sleep(50);
            }
          } finally {
            order.push('last write');
          }
        },
        discard: async () => void order.push('discard'),
      },
      {
        async during(running) {
          await expect.poll(() => running.calls, { timeout: 20_000 }).toContain('renderTalk');
          await running.handle.cancel();
        },
      },
    );

    expect(order).toEqual(['last write', 'discard', 'discard', 'discard']);
    expect(run.outcome).toMatchObject({
      status: 'rejected',
      reason: { cause: expect.any(CancelledFailure) },
    });
    const { events, outcome } = await progressOf(run);
    expect(events.at(-1)?.data.stage).toBe('CANCELLED');
    expect(outcome).toMatchObject({ error: { code: 'TASK_CANCELLED', stage: 'DID_PROCESSING' } });
  });

  it('fails with DEADLINE_EXCEEDED and undoes everything when the deadline passes', async () => {
    const run = await harness.run(
      {
        async renderTalk() {
          for (;;) {
            heartbeat();
            await sleep(50);
          }
        },
      },
      { job: { deadline_s: 2 } },
    );

    expect((await progressOf(run)).outcome).toMatchObject({ error: { code: 'DEADLINE_EXCEEDED' } });
    expect(run.calls.filter((name) => name.startsWith('discard'))).toEqual(UNDO_ALL);
  });

  it('continues undoing if one undo fails permanently', async () => {
    const run = await harness.run({
      detectPersons: async () => fail('MODEL_INVALID', true),
      async discard(what) {
        if (what.prefixes?.[0]?.startsWith('processed')) fail('OBJECT_KEY_INVALID', true);
      },
    });

    expect((await progressOf(run)).outcome).toMatchObject({ error: { compensated: ['uploads'] } });
  });
});
