import type { RunningWorker } from '../../../src/workers/lifecycle.ts';

/** Has a worker poll its queues until it is disposed, which drains it. */
export function runWorker(worker: RunningWorker): AsyncDisposable {
  const stop = new AbortController();
  const ended = worker.run(stop.signal);
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await ended;
      await worker[Symbol.asyncDispose]();
    },
  };
}
