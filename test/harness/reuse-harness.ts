import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { createBackgroundActivities } from '../../src/activities/background.ts';
import { createCacheActivities } from '../../src/activities/content-cache.ts';
import { createDetectionActivities } from '../../src/activities/detection.ts';
import { createMediaActivities } from '../../src/activities/media.ts';
import { createRecordActivities } from '../../src/activities/records.ts';
import { createRenderActivities } from '../../src/activities/render.ts';
import { toWorkflowId } from '../../src/contracts/messages.ts';
import { QUEUES } from '../../src/contracts/queues.ts';
import { RETRY_UPDATE, toRetryWindowId } from '../../src/contracts/retry.ts';
import type { JobInput } from '../../src/contracts/schemas/job.ts';
import type { JobOptions } from '../../src/contracts/schemas/job-options.ts';
import { uploadKey } from '../../src/contracts/task-keys.ts';
import type { ObjectStore } from '../../src/ports/object-store.ts';
import type { SlotPool } from '../../src/ports/slot-task.ts';
import { createContentCache } from '../../src/storage/content-cache.ts';
import { createTaskRecords } from '../../src/storage/task-records.ts';
import { createWorkflowSignals } from '../../src/temporal/workflow-signals.ts';
import type { generateVideo } from '../../src/workflows/index.ts';
import { happyActivities } from './happy-activities.ts';
import { JOB_OPTIONS } from './job-options.ts';
import { providersOf } from './providers.ts';
import type { TestServer } from './temporal-server.ts';
import { startWorkers } from './workers.ts';

export interface ReuseHarness extends AsyncDisposable {
  store: ObjectStore;
  /** How often each of the costly things was done. */
  done: { detections: number; cutouts: number; videos: number };
  /** Tasks that made a video. */
  makers: string[];
  /** While it is set, videos are not finished. */
  hold: boolean;
  /** How many of the next videos fail for good. */
  failures: number;
  /** Name of an activity whose result is lost, for good, after it has done its work. */
  lost: string | undefined;
  /** How many of the next attempts of an activity meet a store that does not respond. */
  away: { activity: string; attempts: number };
  /** How many of the next attempts of an activity lose their worker, before or after they have done their work. */
  dying: { activity: string; attempts: number; when: 'before' | 'after' };
  submit(
    photo: string,
    voice: string,
    options?: Partial<JobOptions>,
    more?: Pick<JobInput, 'retryWindowS'>,
  ): Promise<ReusedJob>;
}

export interface ReusedJob {
  input: JobInput;
  handle: WorkflowHandle<typeof generateVideo>;
  /** Continues it after a failure. Resolves when it runs. */
  retry(): Promise<WorkflowHandle<typeof generateVideo>>;
}

/** The real workflow and activities over a real store; what runs in slots writes small files. */
export async function createReuseHarness(server: TestServer, store: ObjectStore): Promise<ReuseHarness> {
  const done = { detections: 0, cutouts: 0, videos: 0 };
  const state = {
    hold: false,
    failures: 0,
    makers: [] as string[],
    lost: undefined as string | undefined,
    away: { activity: '', attempts: 0 },
    dying: { activity: '', attempts: 0, when: 'before' as ReuseHarness['dying']['when'] },
  };
  /** No heartbeat comes any more, as after the death of the process. */
  const dieIf = async (name: string, when: ReuseHarness['dying']['when']) => {
    const { dying } = state;
    if (dying.activity === name && dying.when === when && dying.attempts > 0) {
      dying.attempts -= 1;
      await Context.current().cancelled;
    }
  };
  const deps = {
    store,
    records: createTaskRecords({ store }),
    cache: createContentCache({ store }),
    producerVersions: { detector: 'detector 1', matting: 'matting 1', videos: { local: 'renderer 1' } },
    signals: createWorkflowSignals(server),
  };
  const activities = {
    ...happyActivities((key) => store.put(key, Buffer.from(key))),
    ...createCacheActivities(deps),
    ...createRecordActivities(deps),
    ...createMediaActivities({
      store,
      decoder: poolOf(async (media) => {
        const { imagePath, photoPath } = media;
        await writeFile(photoPath, `normalised ${await readFile(imagePath, 'utf8')}`);
        if (!('voicePath' in media)) {
          const size = { widthPx: 64, heightPx: 64, wholeWidthPx: 64, wholeHeightPx: 64 };
          return { photo: { ...size, format: 'png' }, warnings: [] };
        }
        await writeFile(media.voicePath, 'voice');
        return {
          photo: { widthPx: 64, heightPx: 64, format: 'png' },
          voice: { durationS: 1, sampleRateHz: 16_000, channels: 1, format: 'wav', peakDb: -3 },
          warnings: [],
        };
      }),
    }),
    ...createDetectionActivities({
      ...deps,
      detector: poolOf(async () => {
        done.detections++;
        return {
          widthPx: 64,
          heightPx: 64,
          persons: [{ id: 1, confidence: 0.9, box: [1, 1, 60, 60] }],
          timingsMs: {},
        };
      }),
    }),
    ...createBackgroundActivities({
      ...deps,
      matting: poolOf(async ({ maskPath, cutoutPath }) => {
        done.cutouts++;
        await writeFile(maskPath, 'mask');
        await writeFile(cutoutPath, 'cutout');
        return { inputSize: 512, coverage: 0.4, timingsMs: {} };
      }),
    }),
    ...createRenderActivities({
      store,
      renderer: {
        async render({ requestId }: { requestId: string }, videoPath: string) {
          while (state.hold) await Context.current().sleep(20);
          if (state.failures > 0) {
            state.failures -= 1;
            throw ApplicationFailure.create({ type: 'FACE_UNSUITABLE', message: 'No', nonRetryable: true });
          }
          done.videos++;
          state.makers.push(requestId);
          await writeFile(videoPath, `video ${done.videos}`);
          return { widthPx: 512, heightPx: 512, durationS: 1, warnings: [] };
        },
      } as never,
    }),
  };
  const losing = Object.entries<(request: never) => Promise<unknown>>(activities).map(([name, run]) => [
    name,
    async (request: never) => {
      if (state.away.activity === name && state.away.attempts > 0) {
        state.away.attempts -= 1;
        throw ApplicationFailure.create({
          type: 'STORAGE_UNAVAILABLE',
          message: 'It is away',
          nonRetryable: true,
        });
      }
      await dieIf(name, 'before');
      const result = await run(request);
      await dieIf(name, 'after');
      if (state.lost === name) {
        throw ApplicationFailure.create({ type: 'SLOT_CRASHED', message: 'It died', nonRetryable: true });
      }
      return result;
    },
  ]);
  const workers = await startWorkers(server, Object.fromEntries(losing));

  return Object.assign(state, {
    store,
    done,
    async submit(
      photo: string,
      voice: string,
      options: Partial<JobOptions> = {},
      more: Pick<JobInput, 'retryWindowS'> = {},
    ): Promise<ReusedJob> {
      const taskId = randomUUID();
      const put = (field: string, text: string) =>
        store.put(uploadKey(taskId, field, 'a'.repeat(16)), Buffer.from(text));
      const allOptions: JobOptions = { ...JOB_OPTIONS, cache: 'use', ...options };
      const input: JobInput = {
        taskId,
        image: await put('image', photo),
        audio: await put('audio', voice),
        options: allOptions,
        ...providersOf(allOptions),
        fingerprint: taskId,
        submittedAt: new Date().toISOString(),
        ...more,
      };
      const handle = await server.client.workflow.start<typeof generateVideo>('generateVideo', {
        workflowId: toWorkflowId(taskId),
        taskQueue: QUEUES.pipeline,
        args: [input],
      });
      return {
        input,
        handle,
        async retry() {
          await server.client.workflow.getHandle(toRetryWindowId(taskId)).executeUpdate(RETRY_UPDATE, {
            args: [null],
          });
          return server.client.workflow.getHandle<typeof generateVideo>(toWorkflowId(taskId));
        },
      };
    },
    async [Symbol.asyncDispose]() {
      state.hold = false;
      await workers[Symbol.asyncDispose]();
    },
  });
}

/** A pool without processes. */
function poolOf<I, O>(run: (input: I) => Promise<O>): SlotPool<I, O> {
  return {
    run,
    ready: async () => {},
    snapshot: () => [],
    capacity: 1,
    [Symbol.asyncDispose]: async () => {},
  };
}
