import type { JobOutcome } from '../../src/contracts/job.ts';
import { isTerminal } from '../../src/contracts/stages.ts';
import { PipelineError, server } from '../server/server.ts';
import {
  beginAgain,
  change,
  isOver,
  isToldToTheEnd,
  type Task,
  takeEvent,
  takeStatus,
  taskOf,
  uploadsGoOn,
} from './tasks.ts';

const LOOK_MS = 2_000;
/** A task whose upload has only begun is not known yet. */
const SUBMISSION_WAIT_S = 25;

/**
 * Follows one task live: its events, and meanwhile what only its status tells (place in the queue, when it will be done, attempts).
 * Goes on through lost connections and restarts of the server until the signal is aborted or the task has ended.
 */
export async function follow(id: string, signal: AbortSignal): Promise<void> {
  void look(id, signal);
  while (!signal.aborted && !isToldToTheEnd(taskOf(id).value)) {
    try {
      const since = taskOf(id).value.lastSeq;
      for await (const event of server.events(id, { since, waitS: SUBMISSION_WAIT_S, signal })) {
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
        // It was tried again since: its events go on.
        beginAgain(id);
      }
      takeStatus(status);
      if (isTerminal(status.stage)) {
        return; // of an old task there may be no more events than these
      }
    } catch (error) {
      if (signal.aborted) {
        return;
      }
      if (error instanceof PipelineError && error.code === 'TASK_NOT_FOUND') {
        if (taskOf(id).value.uploading === undefined) {
          change(id, { isGone: true });
          return;
        }
      }
      await pause(1_000);
    }
  }
}

function takeOutcome(id: string, outcome: JobOutcome | undefined): void {
  if (outcome?.success) {
    change(id, { result: outcome });
  } else if (outcome) {
    change(id, { error: outcome.error });
  }
}

async function look(id: string, signal: AbortSignal): Promise<void> {
  await uploadsGoOn;
  while (!signal.aborted && !hasLastStatus(taskOf(id).value)) {
    if (taskOf(id).value.uploading === undefined) {
      const status = await server.status(id, { signal }).catch(() => undefined);
      if (status && !signal.aborted) {
        takeStatus(status);
      }
    }
    await pause(LOOK_MS);
  }
}

/** What a status tells of a task's end is there, or will never be. */
function hasLastStatus({ status, isGone, refusal }: Task): boolean {
  return isGone === true || refusal !== undefined || (status !== undefined && isTerminal(status.stage));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
