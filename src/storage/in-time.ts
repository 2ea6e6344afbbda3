import { ignoreFailure } from '../errors.ts';

/** What `inTime` rejects with. */
export const TOO_LATE = Symbol('too late');

/**
 * Rejects with TOO_LATE after this time. The call itself goes on: most calls of a file system cannot be stopped.
 * @param discard frees a result that comes too late
 */
export function inTime<T>(answer: Promise<T>, ms: number, discard?: (late: T) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      answer.then(discard, () => undefined);
      reject(TOO_LATE);
    }, ms);
    timer.unref();
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

type Next<T> = () => Promise<IteratorResult<T>>;

/** Iterates over `items`, with each step made by `step`. Does not wait for the source if it is stopped early. */
export async function* iterate<T>(
  items: AsyncIterable<T>,
  step: (next: Next<T>) => Promise<IteratorResult<T>>,
): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]();
  let isDone = false;
  try {
    for (;;) {
      const next = await step(() => iterator.next());
      if (next.done) {
        isDone = true;
        return;
      }
      yield next.value;
    }
  } finally {
    if (!isDone) {
      void ignoreFailure(Promise.resolve(iterator.return?.()), 'the caller has what it wants, or an error');
    }
  }
}
