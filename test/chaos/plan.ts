import type { OutageChoice } from '../../src/contracts/job.ts';
import { seededRandom } from '../../src/providers/local/motion/seeded-random.ts';

/** What is killed or stopped. `slot`: one of the child processes of the workers that run a model or a codec. */
export type Victim = 'slot' | 'io' | 'gpu' | 'api' | 'temporal';
/** What Limelight needs and may lose for a while. */
export type Link = 'store' | 'd-id' | 'temporal';
/**
 * How. By a proxy: connections are reset, hang, lose every answer or are slow. A store in a folder is unmounted (`cut`) or
 * cannot be written (`read-only`).
 */
export type Disturbance = 'cut' | 'silent' | 'unanswered' | 'slow' | 'read-only';
const BY_PROXY: readonly Disturbance[] = ['cut', 'silent', 'unanswered', 'slow'];
const BY_MOUNT: readonly Disturbance[] = ['cut', 'read-only'];

export type Fault = {
  /** Share of the jobs that are submitted before it, 0 to 1. */
  at: number;
  /** Decides which of several victims it is, 0 to 1. */
  choice: number;
  /** Milliseconds after the fault before it in its lane. */
  afterMs: number;
} & (
  | { kind: 'kill'; victim: Victim }
  /** SIGSTOP, and SIGCONT after this time. */
  | { kind: 'stop'; victim: Victim; ms: number }
  | { kind: 'outage'; link: Link; how: Disturbance; ms: number }
  | { kind: 'full disk'; ms: number }
);

/** How a reader follows a task. `merged` is the event stream of several tasks. */
export type ReaderKind = 'sse' | 'websocket' | 'merged';

export interface PlannedJob {
  /** From 0, in the order of submission. */
  index: number;
  provider: 'local' | 'd-id';
  /** Jobs with the same content ask for the same video. */
  content: { photo: number; voice: number; background: string };
  /** What is wrong with its input, so that it must fail. */
  badInput?: 'silent voice' | 'no person';
  /** Submitted together with the one before it, with the same content. */
  isTwin: boolean;
  cache: 'use' | 'no-store';
  onOutage: OutageChoice;
  priority: number;
  /** Seconds; 0 undoes a failed job at once. Absent: the setting of the server. */
  retryWindowS?: number;
  /** How often its client retries it, if it fails and may be retried. */
  retries: number;
  webhook?: 'end' | 'all';
  /** Whether the receiver of its webhooks refuses the first one. */
  isReceiverDown: boolean;
  /** Seconds. Absent: an hour. */
  deadlineS?: number;
  /** Whether the client sends the submission twice at the same time. */
  isSentTwice: boolean;
  /** What its client does to it in the middle, so many milliseconds after it was accepted. */
  action?: { kind: 'cancel' | 'erase'; afterMs: number };
  isErasedAtEnd: boolean;
  readers: Array<{
    kind: ReaderKind;
    /** It disconnects after so many events, and connects again. 0: it stays. */
    cutAfter: number;
  }>;
}

export interface Plan {
  jobs: PlannedJob[];
  faults: Fault[];
}

export interface PlanOptions {
  seed: number;
  jobs: number;
  /** SIGKILLs. */
  kills: number;
  /** Of the store; others follow from it. */
  outages: number;
  /** The longest outage of the store. */
  longestOutageMs: number;
  store: 's3' | 'folder';
  /** Whether the store is on a disk of its own, which may be filled and unmounted. */
  hasDisk: boolean;
}

const PHOTOS = 4;
/** Longer than the five seconds after which a silent worker counts as lost. */
const STOP_MS = { least: 5_500, most: 9_000 };
const OUTAGE_MS = { least: 800, most: 6_000 };
const DISK_MS = { least: 2_000, most: 8_000 };
/** Pauses between the faults of a lane: short, so that a stack that restarts is disturbed again before it is ready. */
const PAUSE_MS = { least: 150, most: 2_500 };

/** The same seed and numbers give the same plan. */
export function makePlan(options: PlanOptions): Plan {
  return { jobs: planJobs(options), faults: planFaults(options) };
}

function dice(name: string) {
  const random = seededRandom(name);
  const between = ({ least, most }: { least: number; most: number }) =>
    Math.round(least + random() * (most - least));
  return {
    random,
    between,
    chance: (share: number) => random() < share,
    pick: <T>(choices: readonly T[]): T => choices[Math.floor(random() * choices.length)]!,
    /** By weight. */
    draw<T extends string>(weights: Record<T, number>): T {
      const entries = Object.entries<number>(weights) as Array<[T, number]>;
      let left = random() * entries.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [name, weight] of entries) {
        left -= weight;
        if (left < 0) return name;
      }
      return entries.at(-1)![0];
    },
  };
}

function planJobs({ seed, jobs: count }: PlanOptions): PlannedJob[] {
  const { chance, pick, draw, between } = dice(`${seed}/jobs`);
  const jobs: PlannedJob[] = [];
  for (let index = 0; index < count; index += 1) {
    const kind = draw({ fresh: 45, cached: 25, twin: 25, bad: 5 });
    const before = jobs.at(-1);
    const earlier = jobs.filter(({ badInput }) => !badInput);
    const like =
      kind === 'twin' && before && !before.badInput
        ? before
        : kind === 'cached' && earlier.length > 0
          ? pick(earlier)
          : undefined;
    const isTwin = like !== undefined && like === before;
    const mayMeddle = kind !== 'bad';
    const action = mayMeddle ? draw({ none: 82, cancel: 11, erase: 7 }) : 'none';
    jobs.push({
      index,
      provider: like?.provider ?? (chance(0.4) ? 'd-id' : 'local'),
      content: like?.content ?? {
        // A photo of its own now and then, so that not all cut-outs come from the cache.
        photo: chance(0.3) ? PHOTOS + index : between({ least: 0, most: PHOTOS - 1 }),
        voice: index,
        background: `#${(index * 7919).toString(16).padStart(6, '0').slice(-6)}`,
      },
      ...(kind === 'bad' && { badInput: pick(['silent voice', 'no person'] as const) }),
      isTwin,
      cache: chance(0.08) ? 'no-store' : 'use',
      onOutage: draw({ wait: 70, local: 20, fail: 10 } satisfies Record<OutageChoice, number>),
      priority: between({ least: 1, most: 5 }),
      ...(chance(0.1) && { retryWindowS: 0 }),
      retries: pick([0, 1, 1, 2, 2]),
      ...(chance(0.4) && { webhook: pick(['end', 'all'] as const) }),
      isReceiverDown: chance(0.15),
      ...(chance(0.05) && { deadlineS: between({ least: 8, most: 40 }) }),
      isSentTwice: chance(0.1),
      ...(action !== 'none' && { action: { kind: action, afterMs: between({ least: 0, most: 8_000 }) } }),
      isErasedAtEnd: chance(0.08),
      readers: Array.from({ length: 2 }, () => ({
        kind: draw({ sse: 50, websocket: 30, merged: 20 } satisfies Record<ReaderKind, number>),
        cutAfter: chance(0.5) ? between({ least: 1, most: 4 }) : 0,
      })),
    });
  }
  return jobs;
}

function planFaults(options: PlanOptions): Fault[] {
  const { seed, kills, outages, longestOutageMs, store, hasDisk } = options;
  const storeOutages = store === 's3' || hasDisk ? outages : 0;
  const { random, between, pick, draw } = dice(`${seed}/faults`);
  const spread = <T extends object>(count: number, one: (index: number) => T) =>
    Array.from({ length: count }, (_, index) => ({
      at: (index + random()) / count,
      choice: random(),
      afterMs: between(PAUSE_MS),
      ...one(index),
    }));
  const longest = Math.floor(random() * Math.max(1, outages));
  const stops = Math.ceil(kills / 6);
  return [
    ...spread(kills, () => ({
      kind: 'kill' as const,
      victim: draw({ slot: 42, io: 20, gpu: 10, api: 16, temporal: 12 } satisfies Record<Victim, number>),
    })),
    ...spread(stops, () => ({
      kind: 'stop' as const,
      victim: draw({ slot: 25, io: 35, gpu: 15, api: 15, temporal: 10 } satisfies Record<Victim, number>),
      ms: between(STOP_MS),
    })),
    ...spread(storeOutages, (index) => ({
      kind: 'outage' as const,
      link: 'store' as const,
      how: pick(store === 's3' ? BY_PROXY : BY_MOUNT),
      ms: index === longest ? longestOutageMs : between(OUTAGE_MS),
    })),
    ...spread(Math.ceil(outages / 3), () => ({
      kind: 'outage' as const,
      link: 'd-id' as const,
      how: pick(BY_PROXY),
      ms: between(OUTAGE_MS),
    })),
    ...spread(Math.ceil(outages / 4), () => ({
      kind: 'outage' as const,
      link: 'temporal' as const,
      how: pick(BY_PROXY),
      ms: between(OUTAGE_MS),
    })),
    ...(hasDisk
      ? spread(Math.ceil(outages / 5), () => ({ kind: 'full disk' as const, ms: between(DISK_MS) }))
      : []),
  ].sort((a, b) => a.at - b.at);
}

/** Faults of one lane happen one after the other. */
export function laneOf(fault: Fault): string {
  return fault.kind === 'outage' ? `outage of ${fault.link}` : fault.kind;
}
