import { ActivityCancellationType, type ActivityOptions, proxyActivities } from '@temporalio/workflow';
import type { BackgroundActivities } from '../activities/background.ts';
import type { CompositionActivities } from '../activities/composition.ts';
import type { CacheActivities } from '../activities/content-cache.ts';
import type { DetectionActivities } from '../activities/detection.ts';
import type { MediaActivities } from '../activities/media.ts';
import type { RecordActivities } from '../activities/records.ts';
import type { RenderActivities } from '../activities/render.ts';
import type { VideoActivities } from '../activities/video.ts';
import { QUEUES } from '../contracts/queues.ts';
import {
  PATIENCE_MS,
  type StorageWait,
  WAITED_FOR,
  waitForStorage,
  waitingForStorage,
} from './storage-wait.ts';

/**
 * Three attempts each, unless the error code forbids it. No timeout covers the wait in a queue: a busy machine is not a
 * failure, and the deadline of the job bounds the wait.
 */
const common = {
  retry: {
    maximumAttempts: 3,
    initialInterval: '500 ms',
    backoffCoefficient: 2,
    maximumInterval: '10 s',
    nonRetryableErrorTypes: WAITED_FOR,
  },
  // Otherwise the undo could run before the last write of the activity.
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
} satisfies ActivityOptions;

/** Activities send a heartbeat twice a second. A killed worker is noticed after this timeout, and another one takes over. */
export const heartbeating = { ...common, heartbeatTimeout: '5 s' } satisfies ActivityOptions;

// The pools enforce shorter limits of their own (settings `…_TIMEOUT_S`).
const media = proxyActivities<MediaActivities>({
  ...heartbeating,
  taskQueue: QUEUES.media,
  startToCloseTimeout: '10 minutes',
  summary: 'Check and normalise photo and voice',
});
const detection = proxyActivities<DetectionActivities>({
  ...heartbeating,
  taskQueue: QUEUES.yolo,
  startToCloseTimeout: '10 minutes',
  summary: 'Find people',
});
const background = proxyActivities<BackgroundActivities>({
  ...heartbeating,
  taskQueue: QUEUES.birefnet,
  startToCloseTimeout: '20 minutes',
  summary: 'Cut the person out',
});
/** The renderer of a local provider, on a queue of its own. */
export function renderActivities({ queue, label }: { queue: string; label: string }) {
  return proxyActivities<Pick<RenderActivities, 'renderTalk'>>({
    ...heartbeating,
    taskQueue: queue,
    startToCloseTimeout: '4 hours',
    summary: `Render the talking video with ${label}`,
  });
}

/** What the renderer checks for other providers. */
export function checkActivities({ queue }: { queue: string }) {
  return proxyActivities<Pick<RenderActivities, 'checkPortrait'>>({
    ...heartbeating,
    taskQueue: queue,
    startToCloseTimeout: '2 minutes',
    summary: 'Check that nothing covers the mouth',
  });
}

const short = {
  ...heartbeating,
  taskQueue: QUEUES.io,
  startToCloseTimeout: '2 minutes',
} satisfies ActivityOptions;

const originals = proxyActivities<Pick<RecordActivities, 'discard'>>({
  ...short,
  summary: 'Delete the uploads, which are decoded',
});
const composition = proxyActivities<CompositionActivities>({
  ...short,
  summary: 'Put the person on the background',
});
const video = proxyActivities<VideoActivities>({ ...short, summary: 'Check that the video plays' });

export const records = proxyActivities<RecordActivities>({
  ...short,
  retry: { ...common.retry, maximumAttempts: 6 },
  summary: 'Write metadata.json',
});

/**
 * Idempotent, so they are retried after a worker is lost: the job would otherwise make again what is in the cache, or what an
 * identical job is paying for. If the cache is slow or fails three times, the job computes again. The store itself gives up
 * within a minute if it gets no answer.
 */
export const cache = proxyActivities<CacheActivities>({
  ...short,
  startToCloseTimeout: '90 seconds',
  summary: 'Look in the content cache',
});

const patient = {
  ...short,
  scheduleToCloseTimeout: PATIENCE_MS,
  retry: {
    initialInterval: '500 ms',
    backoffCoefficient: 2,
    maximumInterval: '1 minute',
    nonRetryableErrorTypes: WAITED_FOR,
  },
} satisfies ActivityOptions;

const { discard } = proxyActivities<RecordActivities>({ ...patient, summary: 'Undo' });
const { releaseVideo } = proxyActivities<CacheActivities>({
  ...patient,
  summary: 'Tell identical jobs that this one has ended',
});

export const undo = {
  /** Retried for a day. */
  discard: (
    what: Parameters<RecordActivities['discard']>[0],
    onWait?: (what: StorageWait) => void,
  ): Promise<void> => waitForStorage(() => discard(what), { onWait, patienceMs: PATIENCE_MS }),
  /** Retried for a day. */
  releaseVideo: (what: Parameters<CacheActivities['releaseVideo']>[0]): Promise<void> =>
    waitForStorage(() => releaseVideo(what), { patienceMs: PATIENCE_MS }),
};

const costs = proxyActivities<RecordActivities>({
  ...patient,
  summary: 'Put the cost of a lost talk on record',
});

/** Retried for a day. */
export function addUsage(what: Parameters<RecordActivities['addUsage']>[0]): Promise<void> {
  return waitForStorage(() => costs.addUsage(what), { patienceMs: PATIENCE_MS });
}

/**
 * The activities of one job. Each waits while the storage is full or does not respond.
 * @param onWait is called each time one begins to wait.
 */
export function jobActivities(onWait: (what: StorageWait) => void) {
  const waiting = waitingForStorage(onWait);
  return {
    prepareMedia: waiting(media.prepareMedia),
    discard: waiting(originals.discard),
    detectPersons: waiting(detection.detectPersons),
    removeBackground: waiting(background.removeBackground),
    composePortrait: waiting(composition.composePortrait),
    finishVideo: waiting(video.finishVideo),
  };
}

export type JobActivities = ReturnType<typeof jobActivities>;
