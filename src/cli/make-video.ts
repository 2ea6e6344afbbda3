import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { LimelightClient, TaskEvent } from '../client/limelight-client.ts';
import { isTerminal } from '../contracts/stages.ts';
import { JobFailedError } from './exit-code.ts';
import { openMedia, saveFile } from './media-files.ts';

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
  client: LimelightClient,
  { photoPath, voicePath, outPath, fields = {} }: VideoOrder,
  { signal, onEvent }: { signal: AbortSignal; onEvent: (event: TaskEvent) => void },
): Promise<string[]> {
  await mkdir(dirname(outPath), { recursive: true });
  const taskId = randomUUID();
  try {
    const [image, audio] = await Promise.all([openMedia(photoPath), openMedia(voicePath)]);
    await client.submit({ taskId, image, audio, fields }, { signal });
    const outcome = await client.wait(taskId, { signal, onEvent });
    if (!outcome.success) {
      throw new JobFailedError(outcome.error.code, outcome.error.message);
    }
    await saveFile(await client.download(taskId, { signal }), outPath, signal);
    return outcome.metadata.warnings;
  } catch (error) {
    if (signal.aborted) {
      await cancel(client, taskId, onEvent);
      signal.throwIfAborted();
    }
    throw error;
  }
}

/** What cannot be cancelled in time ends by its deadline; the person who asked is not kept waiting. */
async function cancel(
  client: LimelightClient,
  taskId: string,
  onEvent: (event: TaskEvent) => void,
): Promise<void> {
  const signal = AbortSignal.timeout(CANCEL_TIMEOUT_MS);
  try {
    await client.cancel(taskId, { signal });
    await client.wait(taskId, {
      signal,
      // All others have been told before.
      onEvent: (event) => isTerminal(event.data.stage) && onEvent(event),
    });
  } catch {
    // Not even submitted, or the server is gone too.
  }
}
