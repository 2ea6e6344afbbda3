import { log } from '@temporalio/workflow';
import type { JobOutcome } from '../../contracts/schemas/job-outcome.ts';
import type { StageEvent } from '../../contracts/schemas/stage-event.ts';
import type { Job } from './job.ts';

/**
 * Writes the last record of a job and returns its last event, which is not published yet. Waits for the storage as long as
 * the undo does, and tells readers. If the record cannot be written by then, the job ends without it.
 */
export async function writeEnd(
  { progress, record, onStorageWait }: Pick<Job, 'progress' | 'record' | 'onStorageWait'>,
  stage: 'COMPLETED' | 'FAILED' | 'CANCELLED',
  message: string,
  outcome: JobOutcome,
): Promise<StageEvent> {
  let event = progress.prepareEnd(stage, message, outcome);
  await untilWritten(
    record.write(
      // Prepared again for each attempt, because the event about the wait has taken the number.
      () => {
        event = progress.prepareEnd(stage, message, outcome);
        return { events: [...progress.events, event], outcome };
      },
      onStorageWait,
    ),
    () => progress.markUnrecorded(),
  );
  return event;
}

/** A finished video is not thrown away, and readers get their end, even if the record cannot be written. */
export async function untilWritten(write: Promise<void>, onGivenUp: () => void = () => {}): Promise<void> {
  try {
    await write;
  } catch (error) {
    log.error('A job ends without its record', { error });
    onGivenUp();
  }
}
