import {
  type ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  defineUpdate,
  isCancellation,
  setHandler,
  sleep,
} from '@temporalio/workflow';
import { CHECK_CANCEL_UPDATE } from '../../contracts/messages.ts';
import { ignoreFailure } from '../ignore-failure.ts';
import { isActivityTimeout, refusal } from '../job-error.ts';

const checkCancelUpdate = defineUpdate(CHECK_CANCEL_UPDATE);

interface Deadline {
  /** Milliseconds since 1970. */
  atMs: number;
  /** The limit that the job was submitted with. */
  seconds: number;
}

/** Runs the work of a job until it ends, the job is cancelled, or its deadline passes. */
export class JobScope {
  readonly #root = CancellationScope.current();
  readonly #scope = new CancellationScope();
  readonly #deadline: Deadline;
  #isDone = false;

  constructor(deadline: Deadline) {
    this.#deadline = deadline;
    setHandler(checkCancelUpdate, () => {}, {
      validator: () => {
        if (this.#isDone) {
          throw refusal(
            'TASK_ENDED',
            'The video is ready, so it is too late to cancel. Erase the task instead.',
          );
        }
      },
    });
  }

  /** Whether the job was cancelled, during the work or after it. The deadline does not count. */
  get isCancelled(): boolean {
    return this.#root.consideredCancelled;
  }

  /** Milliseconds until the deadline. */
  get leftMs(): number {
    return this.#deadline.atMs - Date.now();
  }

  /**
   * Rejects with a cancellation if the job was cancelled, and with DEADLINE_EXCEEDED after the deadline. Once the work has
   * succeeded, a cancellation comes too late.
   */
  run<T>(work: () => Promise<T>): Promise<T> {
    return this.#scope.run(async () => {
      let isExpired = false;
      const timer = new CancellationScope();
      const expiry = timer.run(async () => {
        const { atMs, seconds } = this.#deadline;
        await sleep(atMs - Date.now(), { summary: `Deadline of the job: ${seconds} s` });
        isExpired = true;
        this.#scope.cancel();
      });
      void ignoreFailure(expiry, 'the timer rejects when it is cancelled, which is the usual case');
      try {
        const result = await work();
        // It may come together with the result of the last step, after it was accepted.
        if (this.#scope.consideredCancelled) {
          throw new CancelledFailure('The task was cancelled');
        }
        this.#isDone = true;
        return result;
      } catch (error) {
        if (isExpired && (isCancellation(error) || isActivityTimeout(error))) {
          throw deadlineExceeded(this.#deadline);
        }
        // An activity whose worker is silent never confirms the cancellation: it times out.
        throw this.#scope.consideredCancelled && isActivityTimeout(error)
          ? new CancelledFailure('The task was cancelled', [], error as Error)
          : error;
      } finally {
        timer.cancel();
      }
    });
  }
}

function deadlineExceeded({ seconds }: Deadline): ApplicationFailure {
  return refusal(
    'DEADLINE_EXCEEDED',
    `The task did not end within its deadline of ${seconds} s. Submit it again with a larger deadline_s.`,
  );
}
