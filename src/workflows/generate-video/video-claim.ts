import {
  CancellationScope,
  condition,
  defineSignal,
  getExternalWorkflowHandle,
  isCancellation,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { SAME_JOB_ENDED_SIGNAL, SAME_JOB_SIGNAL } from '../../contracts/content-cache.ts';
import type { JobInput } from '../../contracts/schemas/job.ts';
import type { VideoAnswer } from '../../contracts/schemas/messages.ts';
import { cache, undo } from '../activities.ts';

/** If the job that should send the signal is terminated, no signal comes. So this job asks the cache again. */
const POLL_INTERVAL_MS = 30_000;

/**
 * The right to make a video that several identical jobs ask for. One job has it, and the others wait for that job. If it
 * ends without a video, one of the others takes over.
 */
export class VideoClaim {
  readonly #waiting = new Set<string>();
  #claim: string | undefined;

  constructor() {
    setHandler(defineSignal<[string]>(SAME_JOB_SIGNAL), (workflowId) => {
      this.#waiting.add(workflowId);
    });
  }

  /** Whether this job makes the video. */
  get isHeld(): boolean {
    return this.#claim !== undefined;
  }

  /**
   * Returns the video of an identical job, or takes the claim.
   * @param onWait is called once if another job has the claim.
   */
  async findVideo(job: JobInput, onWait: () => void): Promise<VideoAnswer> {
    let hasOtherEnded = false;
    let isWaiting = false;
    let stale: string | undefined;
    setHandler(defineSignal(SAME_JOB_ENDED_SIGNAL), () => {
      hasOtherEnded = true;
    });
    for (;;) {
      hasOtherEnded = false;
      const answer = await cache.findVideo({ job, ...(stale !== undefined && { stale }) });
      if (answer.kind === 'claimed') {
        this.#claim = answer.claim;
      }
      if (answer.kind !== 'taken') {
        return answer;
      }
      if (!(await trySignal(answer.owner, SAME_JOB_SIGNAL, workflowInfo().workflowId))) {
        stale = answer.claim;
        continue;
      }
      if (!isWaiting) {
        isWaiting = true;
        onWait();
      }
      await condition(() => hasOtherEnded, POLL_INTERVAL_MS, {
        summary: 'Until the identical job has its video',
      });
    }
  }

  /** At the end of the job, however it ended: the jobs that wait ask the cache again. */
  async release(): Promise<void> {
    const claim = this.#claim;
    this.#claim = undefined;
    if (claim !== undefined) {
      await CancellationScope.nonCancellable(async () => {
        await undo.discard({ keys: [claim] });
        for (const workflowId of this.#waiting) {
          await trySignal(workflowId, SAME_JOB_ENDED_SIGNAL);
        }
      });
    }
  }
}

/** Returns `false` if the workflow is not running. */
async function trySignal(workflowId: string, name: string, ...args: unknown[]): Promise<boolean> {
  try {
    await getExternalWorkflowHandle(workflowId).signal(name, ...args);
    return true;
  } catch (error) {
    if (isCancellation(error)) {
      throw error;
    }
    return false;
  }
}
