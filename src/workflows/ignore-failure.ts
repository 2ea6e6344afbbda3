/**
 * Swallows a failure on purpose: resolves to `undefined` if the promise rejects. The same as in `src/errors.ts`, which
 * workflow code cannot import.
 * @param _reason why the failure does not matter. It is for readers of the call; nothing is logged.
 */
export function ignoreFailure<T>(promise: Promise<T>, _reason: string): Promise<T | undefined> {
  return promise.catch(() => undefined);
}
