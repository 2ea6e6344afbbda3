import { type Signal, signal } from '@preact/signals';
import type { JobError, JobResult } from '../../src/contracts/schemas/job-outcome.ts';
import type { StageEvent } from '../../src/contracts/schemas/stage-event.ts';
import type { TaskStatus, TaskSummary } from '../../src/contracts/schemas/task-status.ts';
import { isTerminal } from '../../src/contracts/stages.ts';
import { VIDEO_TYPES } from '../../src/contracts/video-format.ts';
import { forget } from './saved-submissions.ts';
import type { Refusal } from './upload.ts';

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
