import { type NativeConnection, Runtime, type Worker, type WorkerOptions } from '@temporalio/worker';
import { taskIdOf } from '../contracts/messages.ts';
import type { SlotPool } from '../ports/slot-task.ts';
import type { Logger } from '../telemetry/logger.ts';
import { pickSdkMetricsAddress } from '../telemetry/metrics/sdk-metrics.ts';
import { observeActivity } from '../telemetry/observe-activity.ts';

/**
 * What every worker of ours sets. Heartbeats are sent as they come: the default holds them back for most of the
 * heartbeat timeout, and an activity hears of its cancellation only with one.
 */
export const WORKER_DEFAULTS = {
  maxHeartbeatThrottleInterval: '200 ms',
  defaultHeartbeatThrottleInterval: '200 ms',
  // A workflow whose worker was killed waits for it that long before another may go on with it; the default is 10 s.
  stickyQueueScheduleToStartTimeout: '3 s',
  shutdownGraceTime: '10 s',
  // What does not even end when it is cancelled must not keep a process that is to stop.
  shutdownForceTime: '18 s',
  interceptors: { activity: [observeActivity] },
} satisfies Partial<WorkerOptions>;

/**
 * Sends the SDK's own lines through our logger, and leaves SIGINT and SIGTERM to `runMain`. Once a process.
 * @returns where the SDK's own metrics are read.
 */
export async function installRuntime(logger: Logger): Promise<string> {
  const bindAddress = await pickSdkMetricsAddress();
  Runtime.install({
    shutdownSignals: [],
    telemetryOptions: {
      metrics: {
        prometheus: {
          bindAddress,
          countersTotalSuffix: true,
          unitSuffix: true,
          useSecondsForDurations: true,
        },
      },
    },
    logger: {
      log: (level, message, meta) => logger[toPinoLevel(level)](toFields(meta), message),
      trace: (message, meta) => logger.trace(toFields(meta), message),
      debug: (message, meta) => logger.debug(toFields(meta), message),
      info: (message, meta) => logger.debug(toFields(meta), message),
      // Each of our workers serves one queue with either workflows or activities: the SDK warns of the other half.
      warn: (message, meta) =>
        logger[/^No \w+ registered/.test(message) ? 'debug' : 'warn'](toFields(meta), message),
      error: (message, meta) => logger.error(toFields(meta), message),
    },
  });
  return bindAddress;
}

/** The SDK names the workflow; our own lines name the task. */
function toFields(meta: Record<string, unknown> | undefined): Record<string, unknown> {
  const taskId = typeof meta?.workflowId === 'string' ? taskIdOf(meta.workflowId) : undefined;
  return { ...(taskId && { task_id: taskId }), ...meta };
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

export interface WorkerHealth {
  /** Whether it takes work: it polls, Temporal answers, and each kind of slot has one that passed its self-test. */
  isReady: boolean;
  /** What is missing. */
  reason?: string;
}

const PING_TIMEOUT_MS = 2_000;

/** A worker process's inside: its slots are ready, and it polls once it runs. */
export interface RunningWorker extends AsyncDisposable {
  /** The pools of child processes by the queue they serve. */
  slots: Record<string, Pick<SlotPool<never, unknown>, 'snapshot'>>;
  health(): Promise<WorkerHealth>;
  run(signal: AbortSignal): Promise<void>;
}

export function toRunningWorker(
  workers: Worker[],
  { slots, connection }: { slots: RunningWorker['slots']; connection: NativeConnection },
  resources: AsyncDisposableStack,
): RunningWorker {
  return {
    slots,
    async health() {
      const idle = workers.filter((worker) => worker.getState() !== 'RUNNING');
      if (idle.length > 0) {
        return { isReady: false, reason: 'It does not poll its queues' };
      }
      const dead = Object.entries(slots).filter(([, pool]) =>
        pool.snapshot().every(({ state }) => state === 'starting'),
      );
      if (dead.length > 0) {
        return { isReady: false, reason: `No slot is there for ${dead.map(([name]) => name).join(', ')}` };
      }
      try {
        await connection.withDeadline(Date.now() + PING_TIMEOUT_MS, () =>
          connection.workflowService.getSystemInfo({}),
        );
      } catch {
        return { isReady: false, reason: 'Temporal does not answer' };
      }
      return { isReady: true };
    },
    run: (signal) => runUntilStopped(workers, signal),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
