import { ApplicationFailure, Context } from '@temporalio/activity';
import { HANDED_BACK } from '../contracts/handed-back.ts';

const HEARTBEAT_INTERVAL_MS = 500;

/** Attempts that run in this process, each with the time of its last heartbeat in milliseconds since 1970. */
const lastHeartbeats = new WeakMap<Context, number>();

/**
 * Sends heartbeats while `work` runs. Temporal cancels an activity only in the response to a heartbeat. What `work` passes to
 * `report` becomes the details of the heartbeats, from which the API reads finer progress.
 */
export async function keepAlive<T>(
  work: (signal: AbortSignal, report: (details: unknown) => void) => Promise<T>,
): Promise<T> {
  const context = Context.current();
  let details: unknown = context.info.heartbeatDetails;
  const beat = () => {
    // Once an attempt is lost, it stays lost.
    if (!isLost(context)) {
      lastHeartbeats.set(context, Date.now());
    }
    context.heartbeat(details);
  };
  await begin(context);
  const timer = setInterval(beat, HEARTBEAT_INTERVAL_MS);
  try {
    return await work(context.cancellationSignal, (latest) => {
      details = latest;
    });
  } finally {
    clearInterval(timer);
  }
}

/**
 * A process that continues after a pause finds the tasks that Temporal sent it meanwhile, and begins them as if they were
 * new. So an attempt that was scheduled some time ago first asks whether it is still the current one. Half of the timeout
 * leaves room for clocks that differ.
 */
async function begin(context: Context): Promise<void> {
  const { taskToken, activityNamespace, heartbeatTimeoutMs, currentAttemptScheduledTimestampMs } =
    context.info;
  const startedMs = Date.now();
  if (heartbeatTimeoutMs && startedMs - currentAttemptScheduledTimestampMs > heartbeatTimeoutMs / 2) {
    try {
      await context.client.workflowService.recordActivityTaskHeartbeat({
        namespace: activityNamespace,
        taskToken,
      });
    } catch {
      throw attemptLost();
    }
  }
  lastHeartbeats.set(context, startedMs);
}

/**
 * The guard of the object store of activities: throws if the calling attempt is lost, which means that Temporal may have
 * given its work to another worker. A process that was paused in the middle of a write must not finish it over a newer
 * state. Outside of an activity it throws too, because a change without a known attempt would pass unnoticed.
 *
 * The clock decides, because after a pause the process runs on before any answer from Temporal can reach it.
 */
export function assertAttemptIsCurrent(): void {
  if (isLost(Context.current())) {
    throw attemptLost();
  }
}

function attemptLost(): ApplicationFailure {
  return ApplicationFailure.create({
    type: HANDED_BACK.attemptLost,
    message: 'This worker was paused for longer than the heartbeat timeout. The attempt is made again.',
  });
}

function isLost(context: Context): boolean {
  const { cancellationDetails, info } = context;
  if (cancellationDetails?.notFound || cancellationDetails?.timedOut) {
    return true;
  }
  const lastAt = lastHeartbeats.get(context);
  return lastAt !== undefined && Date.now() - lastAt > (info.heartbeatTimeoutMs || Number.POSITIVE_INFINITY);
}
