import { ActivityCancellationType, type ActivityOptions, proxyActivities } from '@temporalio/workflow';
import type { BackgroundActivities } from '../activities/background.ts';
import type { CompositionActivities } from '../activities/composition.ts';
import type { CacheActivities } from '../activities/content-cache.ts';
import type { DetectionActivities } from '../activities/detection.ts';
import type { MediaActivities } from '../activities/media.ts';
import type { RecordActivities } from '../activities/records.ts';
import type { VideoActivities } from '../activities/video.ts';
import { QUEUES } from '../contracts/queues.ts';
import { withRoom } from './disk-space-wait.ts';

/**
 * Three attempts of each, unless the error's code forbids it. No timeout counts the wait in a queue: a busy machine is
 * no failure, and the job's own deadline bounds it.
 */
const common = {
  retry: { maximumAttempts: 3, initialInterval: '500 ms', backoffCoefficient: 2, maximumInterval: '10 s' },
  // Else the undo could run before the activity's last write.
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
} satisfies ActivityOptions;

/** Slots beat twice a second: a worker that was killed is noticed after this long, and the attempt made elsewhere. */
const slot = { ...common, heartbeatTimeout: '5 s' } satisfies ActivityOptions;

// The pools kill what exceeds their own limits (settings `…_TIMEOUT_S`) long before these.
export const media = withRoom(
  proxyActivities<MediaActivities>({
    ...slot,
    taskQueue: QUEUES.media,
    startToCloseTimeout: '10 minutes',
    summary: 'Check and normalise photo and voice',
  }),
);
export const detection = withRoom(
  proxyActivities<DetectionActivities>({
    ...slot,
    taskQueue: QUEUES.yolo,
    startToCloseTimeout: '10 minutes',
    summary: 'Find persons',
  }),
);
export const background = withRoom(
  proxyActivities<BackgroundActivities>({
    ...slot,
    taskQueue: QUEUES.birefnet,
    startToCloseTimeout: '20 minutes',
    summary: 'Cut the person out',
  }),
);
const short = { ...slot, taskQueue: QUEUES.io, startToCloseTimeout: '2 minutes' } satisfies ActivityOptions;

export const composition = withRoom(
  proxyActivities<CompositionActivities>({
    ...short,
    summary: 'Put the person on the background',
  }),
);
export const video = withRoom(
  proxyActivities<VideoActivities>({ ...short, summary: 'Check that the video plays' }),
);
export const records = withRoom(
  proxyActivities<RecordActivities>({
    ...short,
    // A few kilobytes. Where Temporal restarts while it is told of the end of a write, the job waits for this.
    startToCloseTimeout: '15 seconds',
    retry: { ...common.retry, maximumAttempts: 6 },
    summary: 'Write metadata.json',
  }),
);

/** What does not answer at once is not worth the wait: it is made anew. */
export const cache = proxyActivities<CacheActivities>({
  ...short,
  startToCloseTimeout: '30 seconds',
  retry: { maximumAttempts: 1 },
  summary: 'Look in the content cache',
});

/** Undo goes on for a day: a disk that is away for an hour must not leave a person's photo behind. */
export const undo = proxyActivities<RecordActivities>({
  ...short,
  scheduleToCloseTimeout: '1 day',
  retry: { initialInterval: '500 ms', backoffCoefficient: 2, maximumInterval: '1 minute' },
  summary: 'Undo',
});
