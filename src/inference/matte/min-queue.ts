/** A monotone priority queue for small whole priorities (Dial 1969): one bucket each, walked through once. */
export class MinQueue {
  readonly #buckets: number[][] = [];
  #at = 0;

  push(item: number, priority: number): void {
    const bucket = this.#buckets[priority];
    if (bucket) {
      bucket.push(item);
    } else {
      this.#buckets[priority] = [item];
    }
  }

  /** The least item and its priority; pushes after it must not be smaller. */
  pop(): { item: number; priority: number } | undefined {
    for (; this.#at < this.#buckets.length; this.#at += 1) {
      const item = this.#buckets[this.#at]?.pop();
      if (item !== undefined) {
        return { item, priority: this.#at };
      }
    }
  }
}
