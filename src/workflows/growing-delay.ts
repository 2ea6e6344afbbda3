/** The delay before each attempt, longer each time. */
export class GrowingDelay {
  readonly #maxMs: number;
  readonly #growth: number;
  #nextMs: number;

  /** @param growth how many times longer each delay is. Default: 2. */
  constructor({ firstMs, maxMs, growth = 2 }: { firstMs: number; maxMs: number; growth?: number }) {
    this.#nextMs = firstMs;
    this.#maxMs = maxMs;
    this.#growth = growth;
  }

  /** In whole milliseconds. */
  nextMs(): number {
    const delayMs = this.#nextMs;
    this.#nextMs = Math.min(delayMs * this.#growth, this.#maxMs);
    return Math.ceil(delayMs);
  }
}
