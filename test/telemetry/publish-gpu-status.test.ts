import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { GPU_STATUS_INTERVAL_MS } from '../../src/contracts/gpu-status.ts';
import type { ObjectStore } from '../../src/ports/object-store.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { publishGpuStatus } from '../../src/telemetry/publish-gpu-status.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('a store that was silent for an hour gets one old state, and then the new ones', async () => {
  const { store, deleted, put } = createSilentStore();
  const pools = { yolo: { snapshot: () => [] }, birefnet: { snapshot: () => [] } } as never;
  const logger = createLogger('test', { level: 'silent' });
  const published = publishGpuStatus({ store, device: '0', pools, logger });
  put.answer();
  const worker = await published;

  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(put.calls).toBe(2);
  put.answer();
  await vi.advanceTimersByTimeAsync(GPU_STATUS_INTERVAL_MS);
  expect(put.calls).toBe(3);

  put.answer();
  await worker[Symbol.asyncDispose]();
  expect(deleted).toHaveLength(1);
});

/** A store that takes a status once the test lets it. */
function createSilentStore() {
  let answer = () => {};
  const put = { calls: 0, answer: () => answer() };
  const deleted: string[] = [];
  const store: Pick<ObjectStore, 'put' | 'delete'> = {
    put(key, body) {
      put.calls += 1;
      return new Promise((resolve) => {
        answer = () => resolve({ key, bytes: (body as Uint8Array).length, sha256: '' });
      });
    },
    async delete(key) {
      deleted.push(key);
    },
  };
  return { store: store as ObjectStore, deleted, put };
}
