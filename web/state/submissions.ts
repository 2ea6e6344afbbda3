import { sleep } from '../../src/client/sleep.ts';
import { toTaskName } from '../../src/contracts/task-name.ts';
import { authorization, isFailure, server } from '../server/server.ts';
import { forget, keep, recall, recallAll, type SavedSubmission } from './saved-submissions.ts';
import { change, type Task, takeStatus, taskIds, taskOf } from './tasks.ts';
import { upload } from './upload.ts';

const RETRY_DELAY_MS = 1_500;
const TRIES_TO_CANCEL = 4;

/** Uploads of this tab. */
const uploads = new Map<string, AbortController>();

/** Tells the other tabs which upload was cancelled. One of them may be the one that uploads. */
const cancelled = new BroadcastChannel('limelight.cancelled');
cancelled.onmessage = ({ data }: MessageEvent<string>) => stopUpload(data);

/** Uploads until the server accepts or rejects the submission. It is saved first, so that the page resumes after a restart. */
export async function submit(submission: SavedSubmission): Promise<void> {
  const submittedAt = new Date(submission.keptAt).toISOString();
  change(submission.taskId, { submittedAt, uploading: 0, ...nameOfPhoto(submission) });
  await keep(submission);
  await uploadSaved(submission);
}

function nameOfPhoto({ photoName }: SavedSubmission): Pick<Task, 'name'> {
  const name = toTaskName(photoName);
  return name === undefined ? {} : { name };
}

async function uploadSaved(submission: SavedSubmission): Promise<void> {
  const { taskId } = submission;
  change(taskId, { uploading: 0 });
  const stop = new AbortController();
  uploads.set(taskId, stop);
  try {
    await inOneTab(`limelight.upload.${taskId}`, stop.signal, async () => {
      // Another tab may have uploaded it in the meantime.
      if ((await recall(taskId))?.isSubmitted) endUpload(taskId);
      else await uploadUntilAnswered(submission, stop.signal);
    });
  } finally {
    uploads.delete(taskId);
  }
}

/** Runs the action in one tab at a time. Without Web Locks, as on pages without HTTPS, in all tabs at once. */
async function inOneTab(name: string, signal: AbortSignal, action: () => Promise<void>): Promise<void> {
  if (!navigator.locks) {
    return action();
  }
  try {
    await navigator.locks.request(name, { signal }, action);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function uploadUntilAnswered(submission: SavedSubmission, signal: AbortSignal): Promise<void> {
  const { taskId } = submission;
  // Every try is under the key of the first one.
  const headers = authorization();
  const onProgress = (uploading: number) => change(taskId, { uploading });
  while (!signal.aborted) {
    const answer = await upload(submission, headers, onProgress, signal);
    if (answer.kind === 'aborted') {
      return;
    }
    if (answer.kind !== 'unanswered') {
      endUpload(taskId, answer.kind === 'refused' ? { refusal: answer.refusal } : {});
      await keep({ ...submission, isSubmitted: true });
      return;
    }
    change(taskId, { uploading: 0, retryReason: answer.why ?? '' });
    await sleep(answer.retryAfterMs ?? RETRY_DELAY_MS);
  }
}

function endUpload(id: string, changes: Partial<Task> = {}): void {
  const { uploading: _, retryReason: __, ...task } = taskOf(id).value;
  taskOf(id).value = { ...task, ...changes };
}

function stopUpload(id: string): void {
  uploads.get(id)?.abort();
  endUpload(id, { isCancelled: true });
}

/** Cancels a task, also while its files are still being uploaded. Returns `false` if the server did not answer. */
export async function cancel(id: string): Promise<boolean> {
  if (taskOf(id).value.uploading === undefined) {
    const status = await server.cancel(id).catch(() => undefined);
    if (status) takeStatus(status);
    return status !== undefined;
  }
  stopUpload(id);
  cancelled.postMessage(id);
  const kept = await recall(id);
  if (kept) await keep({ ...kept, isSubmitted: true, isCancelled: true });
  void cancelArrived(id);
  return true;
}

/** Cancels a task whose files may have arrived completely although the upload was stopped. */
async function cancelArrived(id: string): Promise<void> {
  for (let tried = 0; tried < TRIES_TO_CANCEL; tried += 1) {
    try {
      await server.cancel(id);
      return;
    } catch (error) {
      if (!isFailure(error, 'TASK_NOT_FOUND')) return;
    }
    await sleep(RETRY_DELAY_MS);
  }
}

/** Reads the status of a task without one. Forgets the task if the server does not know it any more. */
async function readStatus(id: string): Promise<void> {
  const { events, status, summary, uploading, isCancelled } = taskOf(id).value;
  if (events.length > 0 || status || summary || uploading !== undefined || isCancelled) {
    return;
  }
  try {
    takeStatus(await server.status(id));
  } catch (error) {
    if (isFailure(error, 'TASK_NOT_FOUND')) {
      change(id, { isGone: true });
      await forget(id);
    }
  }
}

const recalled = Promise.withResolvers<void>();
/** Resolves when interrupted uploads have resumed. Until then, a task unknown to the server may be one of them. */
export const uploadsResumed: Promise<void> = recalled.promise;

/** Called once when the page starts: restores tasks submitted from this browser and resumes interrupted uploads. */
export async function resume(): Promise<void> {
  for (const submission of await recallAll()) {
    const { taskId, keptAt, isSubmitted, isCancelled = false } = submission;
    taskOf(taskId, new Date(keptAt).toISOString());
    if (taskOf(taskId).value.name === undefined) change(taskId, nameOfPhoto(submission));
    if (isCancelled) change(taskId, { isCancelled });
    if (!isSubmitted) void uploadSaved(submission);
  }
  recalled.resolve();
  // One after another: there is no hurry, and the open view loads its own task.
  for (const id of taskIds.value) {
    await readStatus(id);
  }
}
