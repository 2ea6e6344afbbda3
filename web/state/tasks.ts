import { type Signal, signal } from '@preact/signals';
import type { JobError, JobResult } from '../../src/contracts/job.ts';
import { isTerminal, type StageEvent } from '../../src/contracts/stages.ts';
import type { TaskStatus, TaskSummary } from '../../src/contracts/task-status.ts';
import { VIDEO_TYPES } from '../../src/contracts/video-format.ts';
import { PipelineError, server } from '../server/server.ts';
import { forget, type Keepsake, keep, recall, recallAll } from './keepsakes.ts';
import { type Refusal, upload } from './upload.ts';

/** What the page knows of a task: everything here is a signal's value and is replaced, never changed. */
export interface Task {
  id: string;
  submittedAt: string;
  /** Share that is sent, while the upload runs. */
  uploading?: number;
  /** Why the upload is made again, in the server's words; `''` where there was no answer. */
  uploadsAgain?: string;
  refusal?: Refusal;
  /** Of the run of now: the end of a run before that was tried again is not among them. */
  events: StageEvent[];
  /** Of the last event that came. */
  lastSeq: number;
  /** Finer progress of the long stage. */
  percent?: number;
  fineMessage?: string;
  status?: TaskStatus;
  summary?: TaskSummary;
  result?: JobResult;
  error?: JobError;
  /** The server does not know it (any more). */
  isGone?: boolean;
}

/** Whether its finished video is one with nothing behind the person. */
export function isTransparent({ result }: Task): boolean {
  return result?.metadata.video.content_type === VIDEO_TYPES.webm;
}

const tasks = new Map<string, Signal<Task>>();
/** Erased from this page: the server's list may tell of them for a moment yet. */
const dropped = new Set<string>();
/** Ids of all tasks that are known, newest first. */
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
  // A status that is asked for may be ahead of events that nobody follows or that are just being read.
  if (task.status && isTerminal(task.status.stage)) {
    return task.status.stage;
  }
  return task.events.at(-1)?.data.stage ?? task.status?.stage ?? task.summary?.stage ?? 'INITIALIZED';
}

export function isOver(task: Task): boolean {
  return task.refusal !== undefined || task.isGone === true || isTerminal(stageOf(task));
}

/** Whether nothing more is to be heard of it: unlike `isOver`, that is after its last event. */
export function isToldToTheEnd({ refusal, isGone, events }: Task): boolean {
  const last = events.at(-1);
  return refusal !== undefined || isGone === true || (last !== undefined && isTerminal(last.data.stage));
}

export function takeStatus(status: TaskStatus): void {
  const { task_id: id, submitted_at: submittedAt, result, error } = status;
  const { result: _, error: __, ...task } = taskOf(id, submittedAt).value;
  change(id, { ...task, status, submittedAt, ...(result && { result }), ...(error && { error }) });
}

export function takeEvent(id: string, event: StageEvent): void {
  const { percent: _, fineMessage: __, ...task } = taskOf(id).value;
  taskOf(id).value = { ...task, events: [...task.events, event], lastSeq: event.seq };
}

/** A task that failed runs again, from where it stood: what it ended with is forgotten. */
export function beginAgain(id: string): void {
  const { submittedAt, events, lastSeq } = taskOf(id).value;
  const kept = events.filter(({ data }) => !isTerminal(data.stage));
  taskOf(id).value = { id, submittedAt, events: kept, lastSeq };
}

const COME_BACK_MS = 1_500;

/** Sends it until the server has it or refuses it. It is kept first, so a page that is closed meanwhile goes on at the next start. */
export async function submit(keepsake: Keepsake): Promise<void> {
  const { taskId } = keepsake;
  change(taskId, { submittedAt: new Date(keepsake.keptAt).toISOString(), uploading: 0 });
  await keep(keepsake);
  for (;;) {
    const answer = await upload(keepsake, (uploading) => change(taskId, { uploading }));
    if (answer.kind === 'accepted') {
      const { uploading: _, uploadsAgain: __, ...task } = taskOf(taskId).value;
      taskOf(taskId).value = task;
      await keep({ ...keepsake, isSubmitted: true });
      return;
    }
    if (answer.kind === 'refused') {
      const { uploading: _, uploadsAgain: __, ...task } = taskOf(taskId).value;
      taskOf(taskId).value = { ...task, refusal: answer.refusal };
      await keep({ ...keepsake, isSubmitted: true });
      return;
    }
    change(taskId, { uploading: 0, uploadsAgain: answer.why ?? '' });
    await new Promise((resolve) => setTimeout(resolve, answer.comeBackMs ?? COME_BACK_MS));
  }
}

/** How a task stands that was not looked at yet. What the server does not know any more is forgotten here too. */
async function catchUp(id: string): Promise<void> {
  const { events, status, summary, uploading } = taskOf(id).value;
  if (events.length > 0 || status || summary || uploading !== undefined) {
    return;
  }
  try {
    takeStatus(await server.status(id));
  } catch (error) {
    if (error instanceof PipelineError && error.code === 'TASK_NOT_FOUND') {
      change(id, { isGone: true });
      await forget(id);
    }
  }
}

const recalled = Promise.withResolvers<void>();
/**
 * Resolves when uploads that were cut off go on again: until then, a task that the server does not know may be one of them.
 */
export const uploadsGoOn: Promise<void> = recalled.promise;

/** Once, at the start of the page: what was submitted from this browser, and uploads that were cut off. */
export async function resume(): Promise<void> {
  for (const keepsake of await recallAll()) {
    const { taskId, keptAt, isSubmitted } = keepsake;
    taskOf(taskId, new Date(keptAt).toISOString());
    if (!isSubmitted) {
      void submit(keepsake);
    }
  }
  recalled.resolve();
  // One after the other: there is no hurry, and the view that is open asks for its own.
  for (const id of taskIds.value) {
    await catchUp(id);
  }
}

export { recall };
