import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { JobOutcome } from '../contracts/job.ts';
import { isTerminal } from '../contracts/stages.ts';
import { PipelineError } from '../errors.ts';
import type { HttpClient, TaskEvent } from './http-client.ts';

/** For the server to hear of a cancellation, and for the job to undo itself. */
const CANCEL_TIMEOUT_MS = 15_000;

export interface VideoOrder {
  photoPath: string;
  voicePath: string;
  outPath: string;
  /** Further fields of the submission, as the API names them. */
  fields?: Record<string, string>;
}

/**
 * Submits, follows, downloads; answers with the warnings of the result. A job that fails rejects with its own code and
 * message. Aborting cancels the job, waits until it is undone, and rejects with the signal's reason.
 */
export async function makeVideo(
  client: HttpClient,
  { photoPath, voicePath, outPath, fields = {} }: VideoOrder,
  { signal, onEvent }: { signal: AbortSignal; onEvent: (event: TaskEvent) => void },
): Promise<string[]> {
  await mkdir(dirname(outPath), { recursive: true });
  const taskId = randomUUID();
  try {
    await client.submit({ taskId, photoPath, voicePath, fields }, signal);
    const outcome = await follow(client, taskId, { signal, onEvent });
    if (!outcome.success) {
      throw new PipelineError(outcome.error.code, outcome.error.message);
    }
    await client.download(taskId, outPath, signal);
    return outcome.metadata.warnings;
  } catch (error) {
    if (signal.aborted) {
      await cancel(client, taskId, onEvent);
      signal.throwIfAborted();
    }
    throw error;
  }
}

async function follow(
  client: HttpClient,
  taskId: string,
  { signal, onEvent }: { signal: AbortSignal; onEvent: (event: TaskEvent) => void },
): Promise<JobOutcome> {
  let outcome: JobOutcome | undefined;
  for await (const event of client.events(taskId, signal)) {
    onEvent(event);
    outcome = event.data.details?.outcome as JobOutcome | undefined;
  }
  if (!outcome) {
    throw new PipelineError('INTERNAL', `Task ${taskId} ended without an outcome`);
  }
  return outcome;
}

/** What cannot be cancelled in time ends by its deadline; the person who asked is not kept waiting. */
async function cancel(
  client: HttpClient,
  taskId: string,
  onEvent: (event: TaskEvent) => void,
): Promise<void> {
  const signal = AbortSignal.timeout(CANCEL_TIMEOUT_MS);
  try {
    await client.cancel(taskId, signal);
    await follow(client, taskId, {
      signal,
      // All others have been told before.
      onEvent: (event) => isTerminal(event.data.stage) && onEvent(event),
    });
  } catch {
    // Not even submitted, or the server is gone too.
  }
}
