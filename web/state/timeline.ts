import type { Person } from '../../src/contracts/schemas/job-outcome.ts';
import type { StageEvent } from '../../src/contracts/schemas/stage-event.ts';
import type { TaskStatus } from '../../src/contracts/schemas/task-status.ts';
import type { Stage } from '../../src/contracts/stages.ts';
import type { Strings } from '../strings/en.ts';
import { formatNumber, formatSize } from '../strings/format.ts';
import { stageOf, type Task } from './tasks.ts';

export const STEPS = ['upload', 'check', 'find', 'cut', 'make', 'finish'] as const;
export type StepName = (typeof STEPS)[number];
export type StepState = 'waiting' | 'queued' | 'now' | 'asking' | 'done' | 'failed' | 'stopped';

export interface Step {
  name: StepName;
  state: StepState;
  /** Milliseconds since 1970; absent before it began. */
  startedAt?: number;
  endedAt?: number;
  words: string;
}

const STEP_OF: Record<Exclude<Stage, 'FAILED' | 'CANCELLED'>, { step: StepName; isEnd?: boolean }> = {
  INITIALIZED: { step: 'check' },
  UPLOAD_COMPLETE: { step: 'check', isEnd: true },
  DETECTION_RUNNING: { step: 'find' },
  DETECTION_COMPLETE: { step: 'find', isEnd: true },
  BACKGROUND_REMOVAL_RUNNING: { step: 'cut' },
  BACKGROUND_REMOVAL_COMPLETE: { step: 'cut', isEnd: true },
  DID_UPLOAD: { step: 'make' },
  DID_PROCESSING: { step: 'make' },
  DID_COMPLETE: { step: 'make', isEnd: true },
  FINALIZING: { step: 'finish' },
  COMPLETED: { step: 'finish', isEnd: true },
};

const FAULTS: Partial<Record<Stage, StepState>> = { FAILED: 'failed', CANCELLED: 'stopped' };

interface Reached {
  step: StepName;
  isEnd: boolean;
}

function reachedBy(stage: Stage): Reached | undefined {
  if (stage === 'FAILED' || stage === 'CANCELLED') {
    return undefined;
  }
  const { step, isEnd = false } = STEP_OF[stage];
  return { step, isEnd };
}

/** The people to choose from, if the task is waiting for a choice. */
export function personsToChoose(task: Task): Person[] | undefined {
  const last = task.events.at(-1);
  return last ? personsAskedFor(last) : task.status?.choice?.persons;
}

function personsAskedFor({ data }: StageEvent): Person[] | undefined {
  const { waiting_for, persons } = (data.details ?? {}) as Details;
  return waiting_for === 'person' ? persons : undefined;
}

/** The steps of a task as the page shows them, derived from its events. */
export function toSteps(task: Task, t: Strings): Step[] {
  if (task.uploading !== undefined || task.refusal || task.isCancelled) {
    return STEPS.map((name, index): Step => {
      if (index > 0) return { name, state: 'waiting', words: '' };
      const percent = Math.round((task.uploading ?? 0) * 100);
      if (task.isCancelled) return { name, state: 'stopped', words: '' };
      return task.refusal
        ? { name, state: 'failed', words: '' }
        : { name, state: 'now', words: toUploadWords(task, percent, t) };
    });
  }
  const stages = task.events.map(({ data }) => data.stage);
  const known = stages.length > 0 ? stages : [stageOf(task)];
  const reached = known.map(reachedBy).findLast((at) => at !== undefined) ?? { step: 'check', isEnd: false };
  // The status may report the end before the last events arrive.
  const isReady = stageOf(task) === 'COMPLETED';
  const position = STEPS.indexOf(reached.step as StepName);
  const fault = FAULTS[known.at(-1)!];
  const last = task.events.findLast(({ data }) => reachedBy(data.stage));
  // Includes tasks that were cancelled while they waited for a choice.
  const isAsking = last ? personsAskedFor(last) !== undefined : personsToChoose(task) !== undefined;
  // When a step completes, the next one starts at once.
  const current = reached.isEnd && !isAsking && !isReady ? position + 1 : position;
  return STEPS.map((name, index): Step => {
    const times = toTimes(task.events, name);
    const words = toWords(task, name, t);
    if (index < current || isReady) {
      return { name, state: 'done', ...times, words };
    }
    if (index > current) {
      return { name, state: 'waiting', words: '' };
    }
    const queue = queueOf(task);
    const state = fault ?? (isAsking ? 'asking' : queue ? 'queued' : 'now');
    if (state === 'queued') {
      return { name, state, ...times, words: toQueueWords(queue!, t) };
    }
    return { name, state, ...times, words: fault ? '' : words };
  });
}

/** The queue in which the current step waits for a slot. */
export function queueOf(task: Task): TaskStatus['queue'] {
  // The events are ahead of the status, which is polled.
  return task.status?.queue && task.status.stage === stageOf(task) ? task.status.queue : undefined;
}

function toQueueWords({ name, position, length }: NonNullable<TaskStatus['queue']>, t: Strings): string {
  return `${t.task.waitingFor[name] ?? t.task.waitingForSlot} · ${t.task.queue(position, length)}`;
}

function toUploadWords({ retryReason }: Task, percent: number, t: Strings): string {
  if (retryReason === undefined || percent > 0) {
    return t.task.sent(percent);
  }
  return retryReason || t.task.resend;
}

function toTimes(events: StageEvent[], name: StepName): { startedAt?: number; endedAt?: number } {
  const isOf = ({ data }: StageEvent) => reachedBy(data.stage)?.step === name;
  const first = events.findIndex(isOf);
  if (first < 0) {
    return {};
  }
  const end = events.find(
    (event, index) => index > first && (!isOf(event) || reachedBy(event.data.stage)?.isEnd),
  );
  return {
    startedAt: Date.parse(events[first]!.timestamp),
    ...(end && { endedAt: Date.parse(end.timestamp) }),
  };
}

/** The latest message of a step. Messages within a stage, such as a reason for waiting, come from the server. */
function toWords(task: Task, name: StepName, t: Strings): string {
  const index = task.events.findLastIndex(({ data }) => reachedBy(data.stage)?.step === name);
  const event = task.events[index];
  if (!event) {
    return name === 'check' ? t.task.accepted : '';
  }
  const { stage, message } = event.data;
  // The choice of a person happens within one stage, and the page has its own texts for it.
  const isNewsWithin = task.events[index - 1]?.data.stage === stage && stage !== 'DETECTION_COMPLETE';
  if (isNewsWithin && !personsToChoose(task)) {
    return message;
  }
  return wordsOf(event, task, t) ?? message;
}

interface Details {
  photo?: { widthPx: number; heightPx: number };
  turned_degrees?: number;
  voice?: { durationS: number };
  persons?: Person[];
  selected_person_id?: number;
  waiting_for?: string;
}

function wordsOf({ data }: StageEvent, task: Task, t: Strings): string | undefined {
  const {
    photo,
    voice,
    persons,
    selected_person_id: selected,
    waiting_for,
  } = (data.details ?? {}) as Details;
  if (waiting_for === 'person') {
    return t.task.choose(persons?.length ?? 0);
  }
  if (waiting_for === 'disk_space' || waiting_for === 'storage') {
    return t.task.waitingFor[waiting_for];
  }
  switch (data.stage) {
    case 'INITIALIZED':
      return t.task.accepted;
    case 'UPLOAD_COMPLETE':
      return (
        photo &&
        voice &&
        t.task.decoded(formatSize(photo.widthPx, photo.heightPx), formatNumber(voice.durationS, 1))
      );
    case 'DETECTION_RUNNING':
      return t.task.looking;
    case 'DETECTION_COMPLETE':
      return persons && selected !== undefined ? t.task.found(persons.length, selected) : undefined;
    case 'BACKGROUND_REMOVAL_RUNNING':
      return t.task.cutting(selectedPerson(task) ?? 1);
    case 'BACKGROUND_REMOVAL_COMPLETE':
      return t.task.cut;
    case 'DID_UPLOAD':
      return t.task.handing;
    case 'DID_PROCESSING':
      return toRenderingWords(task, t);
    case 'DID_COMPLETE':
      return t.task.rendered;
    case 'FINALIZING':
      return t.task.finishing;
    case 'COMPLETED':
      return t.task.ready;
    default:
      return undefined;
  }
}

function toRenderingWords(task: Task, t: Strings): string {
  const drawn = framesOf(task);
  return drawn ? t.task.rendering(drawn.frame, drawn.frames) : (task.fineMessage ?? t.task.drawing);
}

/** How many frames are rendered, if the renderer reports it. */
export function framesOf({ fineMessage }: Task): { frame: number; frames: number } | undefined {
  const [, frame, frames] = /^Frame (\d+) of (\d+)$/.exec(fineMessage ?? '') ?? [];
  return frame && frames ? { frame: Number(frame), frames: Number(frames) } : undefined;
}

/** The people that were found, and the size of the photo that their boxes refer to. */
export function findingsOf(task: Task): { persons: Person[]; width: number; height: number } | undefined {
  const details = task.events.map(({ data }) => (data.details ?? {}) as Details);
  const photo = details.findLast((each) => each.photo)?.photo;
  const persons =
    details.findLast((each) => each.persons)?.persons ??
    task.status?.choice?.persons ??
    task.result?.metadata.person_detection.persons;
  return photo && persons && { persons, width: photo.widthPx, height: photo.heightPx };
}

/** Whether the server turned the photo upright, so that it is no longer as it was uploaded. */
export function isTurned(task: Task): boolean {
  return (
    task.events.some(({ data }) => (data.details as Details | undefined)?.turned_degrees) ||
    task.result?.metadata.person_detection.turned_degrees !== undefined
  );
}

export function selectedPerson(task: Task): number | undefined {
  const event = task.events.findLast(({ data }) => (data.details as Details | undefined)?.selected_person_id);
  return (
    (event?.data.details as Details | undefined)?.selected_person_id ??
    task.result?.metadata.person_detection.selected_person_id
  );
}
