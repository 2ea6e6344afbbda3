import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { watchDisk } from '../../src/storage/watch-disk.ts';
import { createLogger } from '../../src/telemetry/logger.ts';

const logger = createLogger('test', { level: 'silent' });

it('reports a nearly full disk at once and again while it lasts, and no other disk', async () => {
  const told: number[] = [];
  const options = { root: tmpdir(), logger, intervalMs: 5, repeatMs: 20 };
  {
    using _low = watchDisk({ ...options, minFreeBytes: 1e18, onLow: async (free) => void told.push(free) });
    using _fine = watchDisk({ ...options, minFreeBytes: 1, onLow: () => expect.fail('there is room') });
    await expect.poll(() => told.length).toBeGreaterThan(2);
  }
  expect(told[0]).toBeGreaterThan(0);
});
