import { Writable } from 'node:stream';
import { Runtime } from '@temporalio/worker';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { readSdkMetrics } from '../../src/telemetry/metrics/sdk-metrics.ts';
import { installRuntime } from '../../src/workers/lifecycle.ts';

it("sends the lines of Temporal's SDK through our logger, with the task's id, and serves its metrics", async () => {
  const lines: Array<Record<string, unknown>> = [];
  const stream = new Writable({
    write(chunk, _, next) {
      lines.push(JSON.parse(String(chunk)));
      next();
    },
  });
  const logger = pino({ level: 'trace', formatters: { level: (level) => ({ level }) } }, stream);
  const signals = process.listenerCount('SIGTERM');

  const address = await installRuntime(logger);
  const sdk = Runtime.instance().logger;
  sdk.info('Worker state changed');
  sdk.warn('No activities registered, not polling for activity tasks');
  sdk.warn('Heartbeat failed', { workflowId: 'video/task-1' });
  sdk.error('Poll failed');

  expect(lines.filter(({ msg }) => /^(Worker state|No act|Heartbeat|Poll)/.test(String(msg)))).toEqual([
    expect.objectContaining({ level: 'debug', msg: 'Worker state changed' }),
    expect.objectContaining({ level: 'debug', msg: expect.stringMatching(/^No activities/) }),
    expect.objectContaining({ level: 'warn', task_id: 'task-1', workflowId: 'video/task-1' }),
    expect.objectContaining({ level: 'error', msg: 'Poll failed' }),
  ]);
  // `runMain` handles the signals.
  expect(process.listenerCount('SIGTERM')).toBe(signals);
  expect(typeof (await readSdkMetrics(address))).toBe('string');
});
