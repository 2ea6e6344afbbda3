import { setTimeout as sleep } from 'node:timers/promises';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterEach, expect, it, vi } from 'vitest';
import { assertAttemptIsCurrent, keepAlive } from '../../src/activities/keep-alive.ts';

const HEARTBEAT_TIMEOUT_MS = 5_000;
const LOST = { type: 'AttemptLost' };

afterEach(() => vi.useRealTimers());

const attempt = (info = {}) =>
  new MockActivityEnvironment({ heartbeatTimeoutMs: HEARTBEAT_TIMEOUT_MS, ...info });

it('lets an attempt change something as long as it sends heartbeats', async () => {
  vi.useFakeTimers();
  const { work, end } = holdWork();
  const run = attempt().run(work);
  await vi.advanceTimersByTimeAsync(60_000);
  end();
  await run;
});

it('stops an attempt that was paused for longer than the heartbeat timeout, before and after its next heartbeat', async () => {
  vi.useFakeTimers();
  await attempt().run(() =>
    keepAlive(async () => {
      // The clock goes on, no timer runs: what a process finds that was stopped.
      vi.setSystemTime(Date.now() + HEARTBEAT_TIMEOUT_MS + 1);
      expect(assertAttemptIsCurrent).toThrow(expect.objectContaining(LOST));
      await vi.advanceTimersByTimeAsync(600);
      expect(assertAttemptIsCurrent).toThrow(expect.objectContaining(LOST));
    }),
  );
});

it('lets an attempt go on after a pause that is shorter', async () => {
  vi.useFakeTimers();
  await attempt().run(() =>
    keepAlive(async () => {
      vi.setSystemTime(Date.now() + HEARTBEAT_TIMEOUT_MS - 1_000);
      assertAttemptIsCurrent();
    }),
  );
});

it('passes in an activity without a heartbeat timeout, and not outside of activities', async () => {
  expect(assertAttemptIsCurrent).toThrow('Activity context');
  vi.useFakeTimers();
  await attempt({ heartbeatTimeoutMs: undefined }).run(() =>
    keepAlive(async () => {
      vi.setSystemTime(Date.now() + 3_600_000);
      assertAttemptIsCurrent();
    }),
  );
});

it('passes while a worker drains or a job is cancelled: Temporal waits for the attempt', async () => {
  const environment = attempt();
  await environment.run(() =>
    keepAlive(async (signal) => {
      environment.cancel('CANCELLED');
      await sleep(0);
      expect(signal.aborted).toBe(true);
      assertAttemptIsCurrent();
    }),
  );
});

function holdWork() {
  const held = Promise.withResolvers<void>();
  return {
    end: held.resolve,
    work: () =>
      keepAlive(async () => {
        await held.promise;
        assertAttemptIsCurrent();
      }),
  };
}
