import { CancellationScope, defineUpdate, setHandler } from '@temporalio/workflow';
import { CANCEL_UPDATE } from '../../contracts/messages.ts';
import { refusal } from '../refusal.ts';

const cancelUpdate = defineUpdate(CANCEL_UPDATE);

/** Hears of the wish to stop, and refuses it with a reason where it comes too late. */
export class CancelRequest {
  readonly #scope = new CancellationScope();
  #isTooLate = false;

  constructor() {
    setHandler(cancelUpdate, () => this.#scope.cancel(), {
      validator: () => {
        if (this.#isTooLate) {
          throw refusal(
            'TASK_ENDED',
            'The video is ready: a cancellation comes too late. Erase the task if you do not want it.',
          );
        }
      },
    });
  }

  /** Work that the request cancels, as Temporal's own does. */
  run<T>(work: () => Promise<T>): Promise<T> {
    return this.#scope.run(work);
  }

  /** From here on the video is there. */
  close(): void {
    this.#isTooLate = true;
  }
}
