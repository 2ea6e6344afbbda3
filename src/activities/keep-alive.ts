import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';

const BEAT_MS = 500;

/**
 * Runs `work` while telling Temporal that it is alive: an activity hears of its cancellation only with a heartbeat.
 * What `work` reports through `report` is in the heartbeat's details, where the API reads the finer progress.
 */
export async function keepAlive<T>(
  work: (signal: AbortSignal, report: (details: unknown) => void) => Promise<T>,
): Promise<T> {
  let details: unknown = activityInfo().heartbeatDetails;
  const timer = setInterval(() => heartbeat(details), BEAT_MS);
  try {
    return await work(cancellationSignal(), (latest) => {
      details = latest;
    });
  } finally {
    clearInterval(timer);
  }
}
