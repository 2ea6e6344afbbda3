import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type LimelightClient, newTaskId, type TaskEvent } from '../../client/limelight-client.ts';
import type { JobOutcome, Person } from '../../contracts/job.ts';
import { isTerminal } from '../../contracts/stages.ts';
import { JobFailedError } from '../exit-code.ts';
import { openMedia, saveFile } from './media-files.ts';
import { createAnswer } from './person-answer.ts';

/** For the server to hear of a cancellation, and for the job to undo itself. */
const CANCEL_TIMEOUT_MS = 15_000;

export interface VideoOrder {
  photoPath: string;
  voicePath: string;
  outPath: string;
  /** What stands behind the person, for `background: 'image'`. */
  backgroundPath?: string;
  /** Further fields of the submission, as the API names them. */
  fields?: Record<string, string>;
}

export interface MakeOptions {
  signal: AbortSignal;
  onEvent(event: TaskEvent): void;
  /** Answers who speaks, where the order asks. Aborted when somebody else has answered; a failure cancels the job. */
  choose?(persons: Person[], signal: AbortSignal): Promise<number>;
}

/** In its wire form, for `--json`. */
export interface MadeVideo {
  photo: string;
  task_id: string;
  video: string;
  bytes: number;
  /** From the submission to the file. */
  seconds: number;
  warnings: string[];
}

/**
 * Submits, follows, downloads. A job that fails rejects with its own code and message. Aborting cancels the job, waits
 * until it is undone, and rejects with the signal's reason.
 */
export async function makeVideo(
  client: LimelightClient,
  order: VideoOrder,
  { signal: given, onEvent, choose }: MakeOptions,
): Promise<MadeVideo> {
  const startedAt = Date.now();
  const unanswered = new AbortController();
  const signal = AbortSignal.any([given, unanswered.signal]);
  const { photoPath, outPath } = order;
  await mkdir(dirname(outPath), { recursive: true });
  const taskId = newTaskId();
  try {
    await submitOrder(client, order, { taskId, signal });
    const answer = choose && createAnswer(client, taskId, choose, { signal, giveUp: unanswered });
    const tell = (event: TaskEvent) => {
      onEvent(event);
      answer?.(event);
    };
    const { metadata } = assertMade(await client.wait(taskId, { signal, onEvent: tell }), taskId);
    await saveFile(await client.download(taskId, { signal }), outPath, signal);
    const [{ size: bytes }, seconds] = [await stat(outPath), (Date.now() - startedAt) / 1000];
    return { photo: photoPath, task_id: taskId, video: outPath, bytes, seconds, warnings: metadata.warnings };
  } catch (error) {
    if (signal.aborted) {
      await cancel(client, taskId, onEvent);
      signal.throwIfAborted();
    }
    throw error;
  }
}

export async function submitOrder(
  client: LimelightClient,
  { photoPath, voicePath, backgroundPath, fields = {} }: Omit<VideoOrder, 'outPath'>,
  { taskId, signal }: { taskId: string; signal: AbortSignal },
): Promise<void> {
  const [image, audio, backgroundImage] = await Promise.all([
    openMedia(photoPath),
    openMedia(voicePath),
    backgroundPath === undefined ? undefined : openMedia(backgroundPath),
  ]);
  const submission = { taskId, image, audio, fields, ...(backgroundImage && { backgroundImage }) };
  await client.submit(submission, { signal });
}

/** @throws JobFailedError with the job's own code and words. */
export function assertMade(outcome: JobOutcome, taskId: string): JobOutcome & { success: true } {
  if (!outcome.success) {
    const { code, message } = outcome.error;
    throw new JobFailedError(code, message, { details: { task_id: taskId } });
  }
  return outcome;
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
