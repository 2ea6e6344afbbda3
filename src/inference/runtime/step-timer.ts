/** Milliseconds of the steps of one run, by name. */
export class StepTimer {
  readonly steps: Record<string, number> = {};
  #last = performance.now();

  /** The time since the last step ended, or since the timer was made, belongs to this one. */
  done(step: string): void {
    const now = performance.now();
    this.steps[step] = Math.round((now - this.#last) * 10) / 10;
    this.#last = now;
  }
}
