import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type LimelightClient, newTaskId, type ReceivedEvent } from '../../client/limelight-client.ts';
import type { JobOutcome, Person } from '../../contracts/schemas/job-outcome.ts';
import { isTerminal } from '../../contracts/stages.ts';
import { toTaskName } from '../../contracts/task-name.ts';
import { JobFailedError } from '../exit-code.ts';
import { openMedia, saveFile } from './media-files.ts';

/** Time for the job to be cancelled and undone. */
const CANCEL_TIMEOUT_MS = 15_000;

export interface VideoOrder {
  photoPath: string;
  voicePath: string;
  outPath: string;
  /** Picture behind the person, for `background: 'image'`. */
  backgroundPath?: string;
  /** Further fields of the submission, under their API names. */
  fields?: Record<string, string>;
}

export interface MakeOptions {
  signal: AbortSignal;
  onEvent(event: ReceivedEvent): void;
  /** Chooses who speaks if the job asks. Aborted if the question was answered elsewhere. A rejection cancels the job. */
  choose?(persons: Person[], signal: AbortSignal): Promise<number>;
}

/** A finished video, as `--json` prints it. */
export interface MadeVideo {
  photo: string;
  task_id: string;
  video: string;
  bytes: number;
  /** Time from the submission to the file. */
  seconds: number;
  warnings: string[];
}

/**
 * Submits a job, follows it and downloads the video. A failed job rejects with its code and message. Aborting cancels
 * the job, waits until it is undone, and rejects with the signal's reason.
 */
export async function makeVideo(
  client: LimelightClient,
  order: VideoOrder,
  { signal: given, onEvent, choose }: MakeOptions,
): Promise<MadeVideo> {
  const startedAt = Date.now();
  const giveUp = new AbortController();
  const signal = AbortSignal.any([given, giveUp.signal]);
  const { photoPath, outPath } = order;
  await mkdir(dirname(outPath), { recursive: true });
  const taskId = newTaskId();
  try {
    await submitOrder(client, order, { taskId, signal });
    const answer = choose && createAnswerer(client, taskId, choose, { signal, giveUp });
    const handleEvent = (event: ReceivedEvent) => {
      onEvent(event);
      answer?.(event);
    };
    const { metadata } = assertMade(await client.wait(taskId, { signal, onEvent: handleEvent }), taskId);
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
  const name = toTaskName(photoPath);
  const submission = {
    taskId,
    image,
    audio,
    fields: { ...(name !== undefined && { name }), ...fields },
    ...(backgroundImage && { backgroundImage }),
  };
  await client.submit(submission, { signal });
}

/** @throws JobFailedError with the code and message of the job. */
export function assertMade(outcome: JobOutcome, taskId: string): JobOutcome & { success: true } {
  if (!outcome.success) {
    const { code, message } = outcome.error;
    throw new JobFailedError(code, message, { details: { task_id: taskId } });
  }
  return outcome;
}

/** Cancels the job, but does not wait longer than the timeout: the job's own deadline ends it anyway. */
async function cancel(
  client: LimelightClient,
  taskId: string,
  onEvent: (event: ReceivedEvent) => void,
): Promise<void> {
  const signal = AbortSignal.timeout(CANCEL_TIMEOUT_MS);
  try {
    await client.cancel(taskId, { signal });
    await client.wait(taskId, {
      signal,
      // Earlier events have been passed on already.
      onEvent: (event) => isTerminal(event.data.stage) && onEvent(event),
    });
  } catch {
    // The job was never submitted, or the server has stopped too.
  }
}

/**
 * An event handler that calls `choose` when the task asks who speaks and sends the answer. Aborts `choose` if the task
 * continues without it, because the question was answered on the page.
 */
function createAnswerer(
  client: LimelightClient,
  taskId: string,
  choose: (persons: Person[], signal: AbortSignal) => Promise<number>,
  { signal, giveUp }: { signal: AbortSignal; giveUp: AbortController },
): (event: ReceivedEvent) => void {
  let asking: AbortController | undefined;
  const answer = async (persons: Person[], withdrawn: AbortSignal) => {
    const until = AbortSignal.any([signal, withdrawn]);
    try {
      await client.choosePerson(taskId, await choose(persons, until), { signal: until });
    } catch (error) {
      if (!withdrawn.aborted) {
        giveUp.abort(error);
      }
    }
  };
  return ({ event_type, data }) => {
    if (event_type !== 'stage_update') {
      return;
    }
    asking?.abort();
    const { waiting_for, persons } = (data.details ?? {}) as { waiting_for?: string; persons?: Person[] };
    if (waiting_for === 'person' && persons) {
      asking = new AbortController();
      void answer(persons, asking.signal);
    }
  };
}
