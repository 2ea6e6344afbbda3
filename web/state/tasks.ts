import { type Signal, signal } from '@preact/signals';
import { sleep } from '../../src/client/sleep.ts';
import type { JobError, JobResult } from '../../src/contracts/schemas/job-outcome.ts';
import type { StageEvent } from '../../src/contracts/schemas/stage-event.ts';
import type { TaskStatus, TaskSummary } from '../../src/contracts/schemas/task-status.ts';
import { isTerminal } from '../../src/contracts/stages.ts';
import { toTaskName } from '../../src/contracts/task-name.ts';
import { VIDEO_TYPES } from '../../src/contracts/video-format.ts';
import { isFailure, server } from '../server/server.ts';
import { forget, keep, recall, recallAll, type SavedSubmission } from './saved-submissions.ts';
import { type Refusal, upload } from './upload.ts';

/** The state of a task. It is the value of a signal, so it is replaced and never mutated. */
export interface Task {
  id: string;
  submittedAt: string;
  /** That of its photo until it is renamed. */
  name?: string;
  /** The last estimate of its end. Undefined while the task waits for somebody. */
  eta?: NonNullable<TaskStatus['eta']>;
  /** Expected milliseconds of work in each stage. */
  expected?: NonNullable<TaskStatus['eta']>['stages_ms'];
  /** Share of the upload that is complete, 0 to 1. Undefined after the upload. */
  uploading?: number;
  /** Why the upload is retried: the server's message, or `''` if it did not respond. */
  retryReason?: string;
  refusal?: Refusal;
  /** Without the final event of a run that was retried. */
  events: StageEvent[];
  /** Sequence number of the last event. */
  lastSeq: number;
  /** Fine-grained progress of rendering. */
  percent?: number;
  fineMessage?: string;
  status?: TaskStatus;
  summary?: TaskSummary;
  result?: JobResult;
  error?: JobError;
  /** The server does not know the task (any more). */
  isGone?: boolean;
  /** It was cancelled before the server accepted it. */
  isCancelled?: boolean;
}

/** Whether the finished video has a transparent background. */
export function isTransparent({ result }: Task): boolean {
  return result?.metadata.video.content_type === VIDEO_TYPES.webm;
}

const tasks = new Map<string, Signal<Task>>();
/** Tasks deleted on this page. The server may still list them for a moment. */
const dropped = new Set<string>();
/** Ids of all known tasks, newest first. */
export const taskIds = signal<string[]>([]);

export function taskOf(id: string, submittedAt = new Date().toISOString()): Signal<Task> {
  let found = tasks.get(id);
  if (!found) {
    found = signal<Task>({ id, submittedAt, events: [], lastSeq: 0 });
    tasks.set(id, found);
    sortIds();
  }
  return found;
}

export function change(id: string, changes: Partial<Task>): void {
  const task = taskOf(id, changes.submittedAt);
  const before = task.value.submittedAt;
  task.value = { ...task.value, ...changes };
  if (before !== task.value.submittedAt) {
    sortIds();
  }
}

export function drop(id: string): void {
  tasks.delete(id);
  dropped.add(id);
  taskIds.value = taskIds.value.filter((other) => other !== id);
  void forget(id);
}

export function isDropped(id: string): boolean {
  return dropped.has(id);
}

function sortIds(): void {
  taskIds.value = [...tasks.values()]
    .map((task) => task.value)
    .sort((a, b) => b.submittedAt.localeCompare(a.submittedAt))
    .map(({ id }) => id);
}

export function stageOf(task: Task) {
  if (task.isCancelled) {
    return 'CANCELLED';
  }
  // The status may be ahead of the events.
  if (task.status && isTerminal(task.status.stage)) {
    return task.status.stage;
  }
  return task.events.at(-1)?.data.stage ?? task.status?.stage ?? task.summary?.stage ?? 'INITIALIZED';
}

export function isOver(task: Task): boolean {
  return task.refusal !== undefined || task.isGone === true || isTerminal(stageOf(task));
}

/** Whether there are no more events to come. Unlike `isOver`, this is true only after the last event has arrived. */
export function hasLastEvent({ refusal, isGone, isCancelled, events }: Task): boolean {
  const last = events.at(-1);
  const hasNone = refusal !== undefined || isGone === true || isCancelled === true;
  return hasNone || (last !== undefined && isTerminal(last.data.stage));
}

export function takeStatus(status: TaskStatus): void {
  const { task_id: id, submitted_at: submittedAt, result, error } = status;
  const { result: _, error: __, ...task } = taskOf(id, submittedAt).value;
  const { name = task.name, eta } = status;
  change(id, {
    ...task,
    status,
    submittedAt,
    ...(name !== undefined && { name }),
    ...(eta && { eta, expected: eta.stages_ms }),
    ...(result && { result }),
    ...(error && { error }),
  });
}

export function takeEvent(id: string, event: StageEvent): void {
  const { percent: _, fineMessage: __, ...task } = taskOf(id).value;
  taskOf(id).value = { ...task, events: [...task.events, event], lastSeq: event.seq };
}

/** Forgets the outcome of a failed task that is being retried. */
export function beginAgain(id: string): void {
  const { submittedAt, name, events, lastSeq } = taskOf(id).value;
  const kept = events.filter(({ data }) => !isTerminal(data.stage));
  taskOf(id).value = { id, submittedAt, ...(name !== undefined && { name }), events: kept, lastSeq };
}

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
  while (!signal.aborted) {
    const answer = await upload(submission, (uploading) => change(taskId, { uploading }), signal);
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

export { recall };
