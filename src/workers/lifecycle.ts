import { type NativeConnection, Runtime, type Worker, type WorkerOptions } from '@temporalio/worker';
import { taskIdOf } from '../contracts/messages.ts';
import type { SlotPool } from '../ports/slot-task.ts';
import type { Logger } from '../telemetry/logger.ts';
import { pickSdkMetricsAddress } from '../telemetry/metrics/sdk-metrics.ts';
import { observeActivity } from '../telemetry/observe-activity.ts';

/**
 * Options of every worker. Heartbeats are sent at once: by default the SDK holds them back for most of the heartbeat
 * timeout, and an activity learns of its cancellation only from the answer to a heartbeat.
 */
export const WORKER_DEFAULTS = {
  maxHeartbeatThrottleInterval: '200 ms',
  defaultHeartbeatThrottleInterval: '200 ms',
  // How long a workflow waits for its killed worker before another worker takes over. The default is 10 s.
  stickyQueueScheduleToStartTimeout: '3 s',
  shutdownGraceTime: '10 s',
  // Activities that do not end after their cancellation must not keep the process from stopping.
  shutdownForceTime: '18 s',
  interceptors: { activity: [observeActivity] },
} satisfies Partial<WorkerOptions>;

/**
 * Sends the SDK's log lines through our logger, and leaves SIGINT and SIGTERM to `runMain`. Call it once per process.
 * @returns the address of the SDK's own metrics.
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
      // Each worker serves one queue with either workflows or activities, and the SDK warns about the missing half.
      warn: (message, meta) =>
        logger[/^No \w+ registered/.test(message) ? 'debug' : 'warn'](toFields(meta), message),
      error: (message, meta) => logger.error(toFields(meta), message),
    },
  });
  return bindAddress;
}

/** Adds the task's id: the SDK logs the workflow's id only. */
function toFields(meta: Record<string, unknown> | undefined): Record<string, unknown> {
  const taskId = typeof meta?.workflowId === 'string' ? taskIdOf(meta.workflowId) : undefined;
  return { ...(taskId && { task_id: taskId }), ...meta };
}

function toPinoLevel(level: 'TRACE' | 'DEBUG' | 'INFO' | 'WARN' | 'ERROR') {
  return level.toLowerCase() as 'trace' | 'debug' | 'info' | 'warn' | 'error';
}

/**
 * Runs workers in parallel until the signal is aborted. Then they accept no new work, finish within `shutdownGraceTime`,
 * and the promise resolves. If a worker fails, the others stop and the promise rejects.
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
  /** Whether it accepts work: it polls, Temporal answers, and each pool has a slot that passed its self-test. */
  isReady: boolean;
  /** Why it is not ready. */
  reason?: string;
}

const PING_TIMEOUT_MS = 2_000;

/** A started worker: its slots are ready, and `run` polls. */
export interface RunningWorker extends AsyncDisposable {
  /** The pools of child processes by queue. */
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
        return { isReady: false, reason: `No slot is ready for ${dead.map(([name]) => name).join(', ')}` };
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
