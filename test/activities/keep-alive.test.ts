import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { assertAttemptIsCurrent, keepAlive } from '../../src/activities/keep-alive.ts';

const HEARTBEAT_TIMEOUT_MS = 5_000;
const LOST = { type: 'AttemptLost' };

afterEach(() => vi.useRealTimers());

const attempt = (info = {}) =>
  new MockActivityEnvironment({
    heartbeatTimeoutMs: HEARTBEAT_TIMEOUT_MS,
    currentAttemptScheduledTimestampMs: Date.now(),
    ...info,
  });

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

describe('an attempt that begins long after it was scheduled, as a process finds it after a pause', () => {
  async function begin(waitedMs: number, answer: () => Promise<unknown>) {
    const recordActivityTaskHeartbeat = vi.fn(answer);
    const client = {
      workflowService: { recordActivityTaskHeartbeat },
      withAbortSignal: (_signal: AbortSignal, call: () => unknown) => call(),
    } as unknown as Client;
    const info = {
      heartbeatTimeoutMs: HEARTBEAT_TIMEOUT_MS,
      currentAttemptScheduledTimestampMs: Date.now() - waitedMs,
    };
    const environment = new MockActivityEnvironment(info, { client, logger: new DefaultLogger('ERROR') });
    const work = vi.fn(async () => 'done');
    const [outcome] = await Promise.allSettled([environment.run(() => keepAlive(work))]);
    return { outcome, asked: recordActivityTaskHeartbeat.mock.calls.length, worked: work.mock.calls.length };
  }
  const notFound = () => Promise.reject(new Error('not found'));

  it('does nothing if Temporal does not know it any more', async () => {
    const outcome = { status: 'rejected', reason: LOST };
    expect(await begin(60_000, notFound)).toMatchObject({ outcome, asked: 1, worked: 0 });
  });

  it('goes on if it is the current one', async () => {
    const outcome = { status: 'fulfilled', value: 'done' };
    expect(await begin(60_000, async () => ({}))).toMatchObject({ outcome, asked: 1, worked: 1 });
  });

  it('does not ask if it begins at once', async () => {
    expect(await begin(100, notFound)).toMatchObject({ asked: 0, worked: 1 });
  });
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
