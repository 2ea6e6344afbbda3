import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { watchDisk } from '../../src/storage/watch-disk.ts';
import { createLogger } from '../../src/telemetry/logger.ts';

const logger = createLogger('test', { level: 'silent' });

it('tells of a disk that is nearly full, at once and again while that lasts, and of no other', async () => {
  const told: number[] = [];
  const options = { root: tmpdir(), logger, everyMs: 5, repeatMs: 20 };
  {
    using _low = watchDisk({ ...options, minFreeBytes: 1e18, onLow: async (free) => void told.push(free) });
    using _fine = watchDisk({ ...options, minFreeBytes: 1, onLow: () => expect.fail('there is room') });
    await expect.poll(() => told.length, { timeout: 5_000 }).toBeGreaterThan(2);
  }
  expect(told[0]).toBeGreaterThan(0);
});
