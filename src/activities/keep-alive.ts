import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';

const HEARTBEAT_INTERVAL_MS = 500;

/**
 * Sends heartbeats while `work` runs. Temporal cancels an activity only in the response to a heartbeat. What `work` passes to
 * `report` becomes the details of the heartbeats, from which the API reads finer progress.
 */
export async function keepAlive<T>(
  work: (signal: AbortSignal, report: (details: unknown) => void) => Promise<T>,
): Promise<T> {
  let details: unknown = activityInfo().heartbeatDetails;
  const timer = setInterval(() => heartbeat(details), HEARTBEAT_INTERVAL_MS);
  try {
    return await work(cancellationSignal(), (latest) => {
      details = latest;
    });
  } finally {
    clearInterval(timer);
  }
}
