import type { LimelightClient, TaskEvent } from '../../client/limelight-client.ts';
import type { Person } from '../../contracts/job.ts';
import { type MadeVideo, makeVideo, type VideoOrder } from './make-video.ts';

export interface VideoEnd {
  order: VideoOrder;
  /** Present, or else `error`. */
  made?: MadeVideo;
  error?: unknown;
  seconds: number;
}

export interface SeveralOptions {
  signal: AbortSignal;
  /** How many are under way at a time; the server has its own caps behind that. */
  inFlight: number;
  onEvent(order: VideoOrder, event: TaskEvent): void;
  onEnd(end: VideoEnd): void;
  /** As in `MakeOptions`. */
  choose(order: VideoOrder, persons: Person[], signal: AbortSignal): Promise<number>;
}

/** Makes all of them, whichever fail; rejects only where the signal was aborted, after all in flight are undone. */
export async function makeVideos(
  client: LimelightClient,
  orders: VideoOrder[],
  { signal, inFlight, onEvent, onEnd, choose }: SeveralOptions,
): Promise<VideoEnd[]> {
  const ends: VideoEnd[] = [];
  const waiting = orders.entries();
  const worker = async () => {
    for (const [index, order] of waiting) {
      if (signal.aborted) {
        return;
      }
      const startedAt = Date.now();
      const end = await makeVideo(client, order, {
        signal,
        onEvent: (event) => onEvent(order, event),
        choose: (persons, until) => choose(order, persons, until),
      }).then(
        (made): Partial<VideoEnd> => ({ made }),
        (error: unknown): Partial<VideoEnd> => ({ error }),
      );
      ends[index] = { order, seconds: (Date.now() - startedAt) / 1000, ...end };
      onEnd(ends[index]);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  signal.throwIfAborted();
  return ends;
}
