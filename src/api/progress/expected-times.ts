import type { TaskMetadata } from '../../contracts/schemas/task-metadata.ts';
import type { Timeline } from '../../contracts/schemas/timeline.ts';
import { RUNNING_STAGES, type RunningStage } from '../../contracts/stages.ts';

/** Milliseconds that half and nine in ten of the jobs did not exceed. */
export interface Expected {
  p50: number;
  p90: number;
}

/** How long the steps of a job take without waiting for a slot, from the jobs of the last day. */
export interface ExpectedTimes {
  /** Without the step that makes the video. */
  stages: Partial<Record<RunningStage, Expected>>;
  /** Milliseconds for a second of voice, by `renderKey`. */
  rendering: ReadonlyMap<string, Expected>;
  /** Milliseconds for the video of any job: what a job in the queue waits for. */
  anyRendering: Expected | undefined;
}

/** One way to make a video, which takes its own time. */
export interface Rendering {
  provider: string;
  /** Absent for the default of the server. */
  longSidePx: number | undefined;
}

const RENDERING = 'DID_PROCESSING' satisfies RunningStage;

/**
 * For the first task after the installation. The medians of three tasks with the sample on two busy cores without a GPU; a
 * stage that only passes on to the next took less than a millisecond.
 */
const WITHOUT_MEASUREMENT: Record<Exclude<RunningStage, typeof RENDERING | 'COMPLETED'>, number> = {
  INITIALIZED: 170,
  UPLOAD_COMPLETE: 0,
  DETECTION_RUNNING: 240,
  DETECTION_COMPLETE: 0,
  BACKGROUND_REMOVAL_RUNNING: 1_170,
  BACKGROUND_REMOVAL_COMPLETE: 0,
  DID_UPLOAD: 0,
  DID_COMPLETE: 0,
  FINALIZING: 1_100,
};
/**
 * The built-in renderer at two sizes, in milliseconds for a second of voice (docs/performance.md, two free cores). Once one
 * size is measured here, only the ratio of the others to it counts.
 */
const [SMALL, LARGE] = [
  { px: 512, ms: 172 },
  { px: 1080, ms: 500 },
] as const;
/** Of the time that half of the jobs do not exceed. */
const P90_FACTOR = 1.5;

export function renderKey({ provider, longSidePx }: Rendering): string {
  return `${provider}/${longSidePx ?? ''}`;
}

/** From finished jobs. What came from the cache took no time and says nothing about the next job. */
export function toExpectedTimes(
  jobs: ReadonlyArray<{ record: TaskMetadata; timeline: Timeline }>,
): ExpectedTimes {
  const stages = new Map<RunningStage, number[]>();
  const rendering = new Map<string, number[]>();
  const anyRendering: number[] = [];
  for (const { record, timeline } of jobs) {
    const { outcome, options } = record;
    if (!outcome?.success || !timeline.split_ms) {
      continue;
    }
    const { cached, provider, video } = outcome.metadata;
    for (const { stage, ms, split_ms } of timeline.stages) {
      if (!isRunningStage(stage) || cached.includes(stage)) {
        continue;
      }
      const workMs = Math.max(0, ms - split_ms.queue - split_ms.retry);
      if (stage === RENDERING) {
        add(
          rendering,
          renderKey({ provider: provider.name, longSidePx: options.long_side_px }),
          workMs / video.duration_s,
        );
        anyRendering.push(workMs);
      } else {
        add(stages, stage, workMs);
      }
    }
  }
  return {
    stages: Object.fromEntries([...stages].map(([stage, samples]) => [stage, toExpected(samples)])),
    rendering: new Map([...rendering].map(([key, samples]) => [key, toExpected(samples)])),
    anyRendering: anyRendering.length > 0 ? toExpected(anyRendering) : undefined,
  };
}

function isRunningStage(stage: string): stage is RunningStage {
  return (RUNNING_STAGES as string[]).includes(stage);
}

function add<K>(samples: Map<K, number[]>, key: K, ms: number): void {
  const known = samples.get(key);
  if (known) known.push(ms);
  else samples.set(key, [ms]);
}

function toExpected(samples: number[]): Expected {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (fraction: number) => sorted[Math.max(0, Math.ceil(sorted.length * fraction) - 1)]!;
  return { p50: at(0.5), p90: at(0.9) };
}

/** `undefined` for a remote provider that has made no video yet: only this machine's own speed can be guessed. */
export function expectedRendering(
  times: ExpectedTimes | undefined,
  { provider, longSidePx }: Rendering,
  defaultLongSidePx: number,
): Expected | undefined {
  const measured = (px: number | undefined) => times?.rendering.get(renderKey({ provider, longSidePx: px }));
  // A job that names the default is the same as one that names nothing.
  const isDefault = longSidePx === undefined || longSidePx === defaultLongSidePx;
  const own = isDefault ? (measured(undefined) ?? measured(defaultLongSidePx)) : measured(longSidePx);
  if (own) {
    return own;
  }
  const rate = rateOf(longSidePx ?? defaultLongSidePx);
  const [other] = [...(times?.rendering ?? [])].flatMap(([key, found]) => {
    const [maker, px] = key.split('/');
    return maker === provider ? [{ found, rate: rateOf(Number(px) || defaultLongSidePx) }] : [];
  });
  if (other) {
    const ratio = rate / other.rate;
    return { p50: other.found.p50 * ratio, p90: other.found.p90 * ratio };
  }
  return provider === 'local' ? { p50: rate, p90: rate * P90_FACTOR } : undefined;
}

/** A straight line through the measured sizes. */
function rateOf(longSidePx: number): number {
  return SMALL.ms + ((LARGE.ms - SMALL.ms) * (longSidePx - SMALL.px)) / (LARGE.px - SMALL.px);
}

export function expectedStage(
  times: ExpectedTimes | undefined,
  stage: keyof typeof WITHOUT_MEASUREMENT,
): Expected {
  const guess = WITHOUT_MEASUREMENT[stage];
  return times?.stages[stage] ?? { p50: guess, p90: guess * P90_FACTOR };
}

export const STAGES_BESIDE_RENDERING = Object.keys(WITHOUT_MEASUREMENT) as Array<
  keyof typeof WITHOUT_MEASUREMENT
>;
