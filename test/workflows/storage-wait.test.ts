import { fileURLToPath } from 'node:url';
import { ApplicationFailure } from '@temporalio/common';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { toRetryDelayMs } from '../../src/workflows/storage-wait.ts';
import { openTestNamespace } from '../harness/temporal-server.ts';
import type { waitWithPatience } from './fixtures/patient-workflow.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** When the attempts of an outage are made, in milliseconds since it began. */
function attemptsIn(outageMs: number): number[] {
  const attempts = [0];
  while (attempts.at(-1)! < outageMs) {
    attempts.push(attempts.at(-1)! + toRetryDelayMs(attempts.length, attempts.at(-1)!));
  }
  return attempts;
}

describe('the delays between attempts', () => {
  it.each([
    ['ten seconds', 10 * SECOND_MS, 10 * SECOND_MS],
    ['ten minutes', 10 * MINUTE_MS, MINUTE_MS],
    ['an hour', HOUR_MS, 4 * MINUTE_MS],
    ['a day', 24 * HOUR_MS, 10 * MINUTE_MS],
  ])('end an outage of %s soon after its end', (_, outageMs, lateMs) => {
    expect(attemptsIn(outageMs).at(-1)! - outageMs).toBeLessThanOrEqual(lateMs);
  });

  it('are so long that ten days of waiting fit into a history of 51,200 events', () => {
    const eventsPerAttempt = 12;
    expect(10 * attemptsIn(24 * HOUR_MS).length * eventsPerAttempt).toBeLessThan(51_200);
  });
});

it('waiting ends when the patience does, and never before', async () => {
  await using server = await openTestNamespace();
  const taskQueue = 'patience';
  let attempts = 0;
  const worker = await Worker.create({
    connection: server.workerConnection,
    namespace: server.namespace,
    taskQueue,
    workflowBundle: await bundleWorkflowCode({
      workflowsPath: fileURLToPath(new URL('./fixtures/patient-workflow.ts', import.meta.url)),
      logger: new DefaultLogger('ERROR'),
    }),
    activities: {
      async store(): Promise<void> {
        attempts += 1;
        throw ApplicationFailure.create({
          type: 'STORAGE_FULL',
          message: 'The disk is full',
          nonRetryable: true,
        });
      },
    },
  });
  await worker.runUntil(async () => {
    const startedAt = performance.now();
    const { waits, code } = await server.client.workflow.execute<typeof waitWithPatience>(
      'waitWithPatience',
      {
        workflowId: 'patience',
        taskQueue,
        args: [{ patienceMs: 5_000 }],
      },
    );

    expect(performance.now() - startedAt).toBeGreaterThan(5_000);
    expect(code).toBe('STORAGE_FULL');
    // At once, after 2 s and after 4 s more.
    expect(attempts).toBe(3);
    expect(waits).toEqual(['disk_space', 'disk_space']);
  });
}, 60_000);
