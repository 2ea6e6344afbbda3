import { afterAll } from 'vitest';

const DISPOSE_TIMEOUT_MS = 120_000;

/** For what a test file or group uses in all of its tests: disposed of after the last one, in reverse order. */
export function fileResources(): AsyncDisposableStack {
  const resources = new AsyncDisposableStack();
  afterAll(() => resources.disposeAsync(), DISPOSE_TIMEOUT_MS);
  return resources;
}
