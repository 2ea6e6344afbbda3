/** Measures the steps of one run, in milliseconds by name. */
export class StepTimer {
  readonly steps: Record<string, number> = {};
  #last = performance.now();

  /** Ends a step, which began when the last one ended or the timer was created. */
  done(step: string): void {
    const now = performance.now();
    this.steps[step] = Math.round((now - this.#last) * 10) / 10;
    this.#last = now;
  }
}
