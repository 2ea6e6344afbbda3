import { ActivityCancellationType, type ActivityOptions, proxyActivities } from '@temporalio/workflow';
import type { RemoteTalkActivities } from '../../activities/remote-talk.ts';
import { type StorageWait, WAITED_FOR, waitingForStorage } from '../storage-wait.ts';

const DAY_MS = 24 * 3_600_000;

/**
 * Activities that call the provider. All send heartbeats, so that a killed worker is noticed within seconds.
 * @param timeScale factor on the delays between attempts.
 * @param onStorageWait is called each time an activity begins to wait for the storage.
 */
export function remoteActivities(
  { queue, label }: { queue: string; label: string },
  timeScale: number,
  onStorageWait: (what: StorageWait) => void = () => {},
) {
  const waiting = waitingForStorage(onStorageWait);
  const common = {
    taskQueue: queue,
    heartbeatTimeout: '5 s',
    // Longer than the timeouts of all phases together.
    startToCloseTimeout: '2 minutes',
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  } satisfies ActivityOptions;
  const retry = {
    initialInterval: 500 * timeScale,
    backoffCoefficient: 2,
    maximumInterval: 30_000 * timeScale,
    nonRetryableErrorTypes: WAITED_FOR,
  };
  const few = proxyActivities<RemoteTalkActivities>({ ...common, retry: { ...retry, maximumAttempts: 3 } });
  const many = proxyActivities<RemoteTalkActivities>({
    ...common,
    startToCloseTimeout: '30 minutes',
    retry: { ...retry, maximumAttempts: 12 },
  });
  return {
    /** One attempt: the workflow decides what comes before the next one. */
    once: proxyActivities<RemoteTalkActivities>({ ...common, retry: { maximumAttempts: 1 } }),
    few: {
      uploadPortrait: waiting(few.uploadPortrait),
      uploadVoice: waiting(few.uploadVoice),
      findTalk: few.findTalk,
    },
    /** For the download of a paid video, and for terms and credits. */
    many: { checkProvider: many.checkProvider, downloadTalk: waiting(many.downloadTalk) },
    /** An outage of a day must not leave a person's photo there. */
    undo: proxyActivities<RemoteTalkActivities>({
      ...common,
      scheduleToCloseTimeout: 2 * DAY_MS,
      retry,
      summary: `Undo at ${label}`,
    }),
  };
}

export type RemoteCalls = ReturnType<typeof remoteActivities>;
