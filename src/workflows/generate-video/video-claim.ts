import { CancellationScope, condition, defineSignal, setHandler, sleep } from '@temporalio/workflow';
import { SAME_JOB_ENDED_SIGNAL } from '../../contracts/content-cache.ts';
import type { JobInput } from '../../contracts/schemas/job.ts';
import type { VideoAnswer } from '../../contracts/schemas/messages.ts';
import { cache, undo } from '../activities.ts';
import { GrowingDelay } from '../growing-delay.ts';
import { isActivityTimeout } from '../job-error.ts';

/**
 * An owner of the claim that is terminated sends no signal. So a job that waits looks again, less and less often: about a
 * hundred times a day.
 */
const FIRST_LOOK_INTERVAL_MS = 30_000;
const MAX_LOOK_INTERVAL_MS = 15 * 60_000;

/**
 * The right to make a video that several identical jobs ask for. One job has it, and the others wait in line. If it ends
 * without a video, one of the others takes over.
 */
export class VideoClaim {
  readonly #job: JobInput;
  #claim: string | undefined;
  /** Whether another job has, or had, the claim. */
  #isWaiting = false;
  /** Whether the identical job has ended, and this one has not looked since. */
  #isTold = false;
  /** Whether the answer to a look was lost: this job may have the claim. */
  #isLookLost = false;

  constructor(job: JobInput) {
    this.#job = job;
    setHandler(defineSignal(SAME_JOB_ENDED_SIGNAL), () => {
      this.#isTold = true;
    });
  }

  /**
   * Returns the video of an identical job, or takes the claim.
   * @param onWait is called once if another job has the claim.
   */
  async findVideo(onWait: () => void): Promise<VideoAnswer> {
    const interval = new GrowingDelay({ firstMs: FIRST_LOOK_INTERVAL_MS, maxMs: MAX_LOOK_INTERVAL_MS });
    for (;;) {
      const answer = await this.#look();
      if (answer.kind === 'claimed') {
        this.#claim = answer.claim;
      }
      if (answer.kind !== 'taken') {
        return answer;
      }
      if (!this.#isWaiting) {
        this.#isWaiting = true;
        onWait();
      }
      const summary = 'Until the identical job has its video';
      await condition(() => this.#isTold, interval.nextMs(), { summary });
    }
  }

  async #look(): Promise<VideoAnswer> {
    for (;;) {
      const wasTold = this.#isTold;
      this.#isTold = false;
      try {
        return await cache.findVideo({ job: this.#job });
      } catch (error) {
        this.#isTold ||= wasTold;
        this.#isLookLost = true;
        // A job in line knows that another one makes the video. If its look is lost with a worker, it must not make a second.
        if (!this.#isWaiting || !isActivityTimeout(error)) {
          throw error;
        }
        await sleep(FIRST_LOOK_INTERVAL_MS, { summary: 'Until the next look in the content cache' });
      }
    }
  }

  /** At the end of the job, however it ended: the jobs that wait look in the cache again. */
  async release(): Promise<void> {
    const claim = this.#claim;
    // The signal goes to one job in line. If that job ends before it has looked, it passes the signal on.
    const isDue = claim !== undefined || this.#isTold || this.#isLookLost;
    this.#claim = undefined;
    this.#isTold = false;
    this.#isLookLost = false;
    if (isDue) {
      await CancellationScope.nonCancellable(() =>
        undo.releaseVideo({ job: this.#job, ...(claim !== undefined && { claim }) }),
      );
    }
  }
}
