import { sleep } from '../../src/client/sleep.ts';
import type { JobOutcome } from '../../src/contracts/schemas/job-outcome.ts';
import { isTerminal } from '../../src/contracts/stages.ts';
import { isFailure, server } from '../server/server.ts';
import { taskEvents } from '../server/task-events.ts';
import { uploadsResumed } from './submissions.ts';
import {
  beginAgain,
  change,
  hasLastEvent,
  isOver,
  type Task,
  takeEvent,
  takeStatus,
  taskIds,
  taskOf,
} from './tasks.ts';

const POLL_INTERVAL_MS = 2_000;

/**
 * Follows one task live by its events, and polls its status for the position in the queue, the remaining time and the attempts.
 * Reconnects after lost connections and server restarts until the task ends or the signal is aborted.
 */
export async function follow(id: string, signal: AbortSignal): Promise<void> {
  void look(id, signal);
  // The upload may need the connection, and the server does not know the task before it.
  await uploadsResumed;
  await whenUploaded(id, signal);
  while (!signal.aborted && !hasLastEvent(taskOf(id).value)) {
    try {
      const since = taskOf(id).value.lastSeq;
      for await (const event of taskEvents(id, since, signal)) {
        if (event.event_type === 'stage_update') {
          takeEvent(id, event);
          if (isTerminal(event.data.stage)) {
            takeOutcome(id, event.data.details?.outcome as JobOutcome);
          }
        } else {
          change(id, { percent: event.data.progress_percent, fineMessage: event.data.message });
        }
      }
      const status = await server.status(id, { signal });
      if (!isTerminal(status.stage) && isOver(taskOf(id).value)) {
        // The task was retried: more events follow.
        beginAgain(id);
      }
      takeStatus(status);
      if (isTerminal(status.stage)) {
        return; // an old task may have no final event
      }
    } catch (error) {
      if (signal.aborted) {
        return;
      }
      if (isFailure(error, 'TASK_NOT_FOUND')) {
        change(id, { isGone: true });
        return;
      }
      await sleep(1_000);
    }
  }
}

function whenUploaded(id: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    let unsubscribe = () => {};
    const end = () => {
      unsubscribe();
      resolve();
    };
    unsubscribe = taskOf(id).subscribe(({ uploading }) => {
      // The first call comes before `subscribe` returns.
      if (uploading === undefined || signal.aborted) queueMicrotask(end);
    });
    signal.addEventListener('abort', end, { once: true });
  });
}

function takeOutcome(id: string, outcome: JobOutcome | undefined): void {
  if (outcome?.success) {
    change(id, { result: outcome });
  } else if (outcome) {
    change(id, { error: outcome.error });
  }
}

async function look(id: string, signal: AbortSignal): Promise<void> {
  await uploadsResumed;
  while (!signal.aborted && !hasLastStatus(taskOf(id).value)) {
    if (taskOf(id).value.uploading === undefined) {
      const status = await server.status(id, { signal }).catch(() => undefined);
      if (status && !signal.aborted) {
        takeStatus(status);
      }
    }
    await sleep(POLL_INTERVAL_MS);
  }
}

/** Whether polling can end: the final status is known, or there will be none. */
function hasLastStatus({ status, isGone, isCancelled, refusal }: Task): boolean {
  return (
    isGone === true ||
    isCancelled === true ||
    refusal !== undefined ||
    (status !== undefined && isTerminal(status.stage))
  );
}

const MAX_CONCURRENT_REQUESTS = 4;

/** Updates the status of all running tasks, in every view. */
export async function pollRunning(): Promise<void> {
  await uploadsResumed;
  const running = taskIds.value.filter((id) => {
    const task = taskOf(id).value;
    return !isOver(task) && task.uploading === undefined;
  });
  for (let at = 0; at < running.length; at += MAX_CONCURRENT_REQUESTS) {
    const asked = running.slice(at, at + MAX_CONCURRENT_REQUESTS);
    await Promise.all(
      asked.map((id) => server.status(id).then(takeStatus, (error) => takeAbsence(id, error))),
    );
  }
}

function takeAbsence(id: string, error: unknown): void {
  if (isFailure(error, 'TASK_NOT_FOUND')) {
    change(id, { isGone: true });
  }
}
