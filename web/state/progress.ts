import { RUNNING_STAGES, type STAGE_PERCENT, type Stage } from '../../src/contracts/stages.ts';
import { info } from './info.ts';
import { isOver, stageOf, type Task } from './tasks.ts';
import { framesOf, personsToChoose, queueOf } from './timeline.ts';

/** How much of the bar belongs to the upload: its share of the time is unknown before it ends. */
const UPLOAD_PERCENT = 5;
/** A step that takes longer than expected does not claim to be done. */
const MAX_OF_STEP = 0.95;
const MAX_PERCENT = 99;

/**
 * Percentage of the expected work that is done at `now`, so that the bar moves evenly. The percentages of the stages are
 * the same for every task, however long its voice is. They are used as long as the server knows no expected times.
 */
export function percentOf(task: Task, now = Date.now()): number {
  if (task.uploading !== undefined) {
    return Math.round(task.uploading * UPLOAD_PERCENT);
  }
  const stage = stageOf(task);
  if (stage === 'COMPLETED') {
    return 100;
  }
  const reached = (RUNNING_STAGES as readonly Stage[]).indexOf(stage);
  const { expected } = task;
  if (!expected && !task.status && !isOver(task)) {
    // The first status is about to say how long the stages take.
    return UPLOAD_PERCENT;
  }
  if (!expected || reached < 0) {
    const last = task.events.at(-1)?.data.progress_percent ?? task.status?.progress_percent ?? 0;
    return Math.round(Math.max(task.percent ?? 0, last));
  }
  const msOf = (one: (typeof RUNNING_STAGES)[number]) => expected[one] ?? 0;
  const all = sum(RUNNING_STAGES.map(msOf));
  const before = sum(RUNNING_STAGES.slice(0, reached).map(msOf));
  const done = before + shareOfStep(task, now) * msOf(RUNNING_STAGES[reached]!);
  const percent = UPLOAD_PERCENT + ((100 - UPLOAD_PERCENT) * done) / Math.max(1, all);
  return Math.min(MAX_PERCENT, Math.round(percent));
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function shareOfStep(task: Task, now: number): number {
  const stage = stageOf(task) as keyof typeof STAGE_PERCENT;
  if (queueOf(task) || personsToChoose(task)) {
    return 0;
  }
  const frames = framesOf(task);
  if (frames) {
    return frames.frame / frames.frames;
  }
  if (stage === 'DID_PROCESSING' && countsFrames(task)) {
    return 0;
  }
  const since = task.events.find(({ data }) => data.stage === stage)?.timestamp ?? task.status?.updated_at;
  const expectedMs = task.expected?.[stage] ?? 0;
  return since && expectedMs > 0
    ? Math.min(MAX_OF_STEP, Math.max(0, now - Date.parse(since)) / expectedMs)
    : 0;
}

/** Whether frames will be counted: then no guess has to be taken back when the first ones are done. */
function countsFrames({ status }: Task): boolean {
  return info.value.providers.some(({ name, kind }) => name === status?.provider && kind === 'local');
}

/** What to say about the rest of the time. `undefined` if nothing is known. */
export function timeLeft(
  task: Task,
  now: number,
): { kind: 'left'; ms: number; maxMs: number } | { kind: 'almost' | 'longer' } | undefined {
  const { eta } = task;
  if (!eta || isOver(task) || personsToChoose(task)) {
    return undefined;
  }
  const [ms, maxMs] = [Date.parse(eta.p50) - now, Date.parse(eta.p90) - now];
  if (ms >= 1_000) {
    return { kind: 'left', ms, maxMs };
  }
  return { kind: maxMs >= -1_000 ? 'almost' : 'longer' };
}
