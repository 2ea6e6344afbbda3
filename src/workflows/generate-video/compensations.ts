import { CancellationScope, log } from '@temporalio/workflow';

interface Step {
  name: string;
  undo: () => Promise<unknown>;
  /** Whether a retry needs what this step would undo. */
  isKept: () => boolean;
}

/** Undo steps, newest first, even if the workflow was cancelled. A failing undo is logged and does not stop the rest. */
export class Compensations {
  #steps: Step[] = [];

  /** Register *before* the step, because a step that timed out may still have happened. The undo must be idempotent. */
  add(name: string, undo: () => Promise<unknown>, isKept: () => boolean = () => false): void {
    this.#steps.unshift({ name, undo, isKept });
  }

  /** Returns the names of the steps that were undone. With `forRetry`, what a retry needs is left for a later call. */
  async run({ forRetry = false } = {}): Promise<string[]> {
    const undone: string[] = [];
    const kept = this.#steps.filter(({ isKept }) => forRetry && isKept());
    await CancellationScope.nonCancellable(async () => {
      for (const step of this.#steps.filter((each) => !kept.includes(each))) {
        try {
          await step.undo();
          undone.push(step.name);
        } catch (error) {
          log.error('Compensation failed', { name: step.name, error });
        }
      }
    });
    this.#steps = kept;
    return undone;
  }
}
