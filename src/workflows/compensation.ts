import { CancellationScope, log } from '@temporalio/workflow';

/** Undo steps, newest first, even where the workflow was cancelled. An undo that fails is logged and stops no other. */
export class Compensations {
  readonly #steps: Array<{ name: string; undo: () => Promise<unknown> }> = [];

  /** Register *before* the step: one that timed out may still have happened. The undo must be idempotent. */
  add(name: string, undo: () => Promise<unknown>): void {
    this.#steps.unshift({ name, undo });
  }

  /** Answers with the names of the steps that were undone. */
  async run(): Promise<string[]> {
    const undone: string[] = [];
    await CancellationScope.nonCancellable(async () => {
      for (const { name, undo } of this.#steps) {
        try {
          await undo();
          undone.push(name);
        } catch (error) {
          log.error('Compensation failed', { name, error });
        }
      }
    });
    return undone;
  }
}
