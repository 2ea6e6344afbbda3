import { isCancellation } from '@temporalio/workflow';
import type { StoredObject } from '../../contracts/schemas/job.ts';
import { GrowingDelay } from '../growing-delay.ts';
import { troubleOf } from './outage.ts';
import { pause } from './pause.ts';
import type { RemoteCalls } from './remote-activities.ts';

/** A day of this adds a few hundred events to a history. */
const RETRY_DELAYS = { firstMs: 30_000, maxMs: 30 * 60_000 };

interface Fetch {
  calls: RemoteCalls;
  timeScale: number;
  talkId: string;
  videoKey: string;
  /** Called when the download failed although it was tried for minutes. It may throw to give up. */
  onOutage?: (error: unknown, nextTryAt: Date) => void;
}

/**
 * Downloads the video of a finished talk into our own store. It is paid, so an outage of the provider is waited out. Rejects
 * with PROVIDER_RESULT_EXPIRED if it took too long.
 */
export async function fetchVideo(fetch: Fetch): Promise<{ video: StoredObject; durationS: number }> {
  const { calls, timeScale, talkId, videoKey, onOutage } = fetch;
  const delay = new GrowingDelay(RETRY_DELAYS);
  for (;;) {
    try {
      const { video, durationS } = await calls.many.downloadTalk({ talkId, videoKey });
      return { video, durationS };
    } catch (error) {
      if (isCancellation(error) || !troubleOf(error)) {
        throw error;
      }
      const delayMs = delay.nextMs() * timeScale;
      onOutage?.(error, new Date(Date.now() + delayMs));
      await pause(delayMs, 'Until the next download of the video');
    }
  }
}
