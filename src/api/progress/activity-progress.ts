import { setTimeout as sleep } from 'node:timers/promises';
import type { ActivityProgressEvent } from '../../contracts/schemas/stage-event.ts';
import { STAGE_PERCENT, type Stage } from '../../contracts/stages.ts';
import { ignoreFailure } from '../../errors.ts';
import type { JobClient, PendingActivity } from '../../ports/job-client.ts';
import type { ProgressMessage, ProgressReader } from './progress-reader.ts';
import { encodeFrame } from './sse.ts';

const POLL_INTERVAL_MS = 1_000;

/** The one stage that runs for minutes. Its activity's heartbeat has its progress. */
const LONG_STAGE = 'DID_PROCESSING' satisfies Stage;

/**
 * The progress of the long stage, about once a second, as events without an id, which no replay repeats. It polls Temporal
 * only during that stage, and exists only while a reader follows the task.
 */
export class ActivityProgress {
  readonly #taskId: string;
  readonly #jobs: JobClient;
  readonly #onMessage: (message: ProgressMessage) => void;
  #poll: AbortController | undefined;
  #latest: ProgressMessage | undefined;

  constructor(taskId: string, { jobs }: { jobs: JobClient }, onMessage: (message: ProgressMessage) => void) {
    this.#taskId = taskId;
    this.#jobs = jobs;
    this.#onMessage = onMessage;
  }

  enter(stage: Stage): void {
    if (stage !== LONG_STAGE) {
      this.stop();
    } else if (!this.#poll) {
      this.#poll = new AbortController();
      void this.#run(this.#poll.signal);
    }
  }

  /** Sends the latest progress to a new reader. */
  sendLatest(reader: ProgressReader): void {
    if (this.#latest) {
      reader.send(this.#latest);
    }
  }

  stop(): void {
    this.#poll?.abort();
    this.#poll = undefined;
    this.#latest = undefined;
  }

  async #run(signal: AbortSignal): Promise<void> {
    let sent = '';
    while (!signal.aborted) {
      const description = await ignoreFailure(
        this.#jobs.describe(this.#taskId),
        'without Temporal there is no finer progress; the stages have another source',
      );
      const activity = description?.activities.find(isCountingFrames);
      const seen = JSON.stringify(activity);
      if (activity && seen !== sent && !signal.aborted) {
        sent = seen;
        this.#latest = encodeFrame(toFrame(this.#taskId, activity));
        this.#onMessage(this.#latest);
      }
      await ignoreFailure(sleep(POLL_INTERVAL_MS, undefined, { signal }), 'the loop checks the signal');
    }
  }
}

interface FrameCount {
  frame: number;
  frames: number;
}

type CountingActivity = PendingActivity & { heartbeat: FrameCount };

/** Whether the heartbeat of the activity says how many frames are done. */
export function isCountingFrames(activity: PendingActivity): activity is CountingActivity {
  const count = activity.heartbeat as Partial<FrameCount> | null | undefined;
  return typeof count?.frame === 'number' && typeof count.frames === 'number' && count.frames > 0;
}

function toFrame(task_id: string, { attempt, heartbeat: { frame, frames } }: CountingActivity) {
  const { DID_PROCESSING: from, DID_COMPLETE: to } = STAGE_PERCENT;
  const percent = from + (to - from) * Math.min(1, frame / frames);
  const progress = {
    progress_percent: Math.round(percent * 100) / 100,
    message: `Frame ${frame} of ${frames}`,
  };
  const data: ActivityProgressEvent = {
    task_id,
    event_type: 'activity_progress',
    ...progress,
    data: { stage: LONG_STAGE, ...progress, details: { frame, frames, attempt } },
    timestamp: new Date().toISOString(),
  };
  return { event: 'activity_progress', data };
}
