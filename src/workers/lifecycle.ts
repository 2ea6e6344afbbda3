import { Runtime, type Worker, type WorkerOptions } from '@temporalio/worker';
import type { SlotPool } from '../slots/slot-task.ts';
import type { Logger } from '../telemetry/logger.ts';

/**
 * What every worker of ours sets. Heartbeats are sent as they come: the default holds them back for most of the
 * heartbeat timeout, and an activity hears of its cancellation only with one.
 */
export const WORKER_DEFAULTS = {
  maxHeartbeatThrottleInterval: '200 ms',
  defaultHeartbeatThrottleInterval: '200 ms',
  shutdownGraceTime: '10 s',
} satisfies Partial<WorkerOptions>;

/** Sends the SDK's own lines through our logger, and leaves SIGINT and SIGTERM to `runMain`. Once a process. */
export function installRuntime(logger: Logger): void {
  Runtime.install({
    shutdownSignals: [],
    logger: {
      log: (level, message, meta) => logger[toPinoLevel(level)](meta ?? {}, message),
      trace: (message, meta) => logger.trace(meta ?? {}, message),
      debug: (message, meta) => logger.debug(meta ?? {}, message),
      info: (message, meta) => logger.debug(meta ?? {}, message),
      // Each of our workers serves one queue with either workflows or activities: the SDK warns of the other half.
      warn: (message, meta) =>
        logger[/^No \w+ registered/.test(message) ? 'debug' : 'warn'](meta ?? {}, message),
      error: (message, meta) => logger.error(meta ?? {}, message),
    },
  });
}

function toPinoLevel(level: 'TRACE' | 'DEBUG' | 'INFO' | 'WARN' | 'ERROR') {
  return level.toLowerCase() as 'trace' | 'debug' | 'info' | 'warn' | 'error';
}

/**
 * Runs workers side by side until the signal is aborted; then they take no new work, finish what they have within
 * `shutdownGraceTime`, and the promise resolves. A worker that fails ends the others, and rejects.
 */
async function runUntilStopped(workers: Worker[], signal: AbortSignal): Promise<void> {
  const stop = () => {
    for (const worker of workers) {
      if (worker.getState() === 'RUNNING') worker.shutdown();
    }
  };
  signal.addEventListener('abort', stop, { once: true });
  const runs = workers.map((worker) => worker.run());
  if (signal.aborted) stop();
  try {
    await Promise.all(runs);
  } catch (error) {
    stop();
    await Promise.allSettled(runs);
    throw error;
  }
}

/** A worker process's inside: its slots are ready, and it polls once it runs. */
export interface RunningWorker extends AsyncDisposable {
  /** The pools of child processes by the queue they serve. */
  slots: Record<string, Pick<SlotPool<never, unknown>, 'snapshot'>>;
  run(signal: AbortSignal): Promise<void>;
}

export function toRunningWorker(
  workers: Worker[],
  slots: RunningWorker['slots'],
  resources: AsyncDisposableStack,
): RunningWorker {
  return {
    slots,
    run: (signal) => runUntilStopped(workers, signal),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
