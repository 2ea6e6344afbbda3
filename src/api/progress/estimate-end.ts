import type { Eta } from '../../contracts/schemas/task-status.ts';
import { RUNNING_STAGES, type RunningStage } from '../../contracts/stages.ts';
import {
  type Expected,
  type ExpectedTimes,
  expectedRendering,
  expectedStage,
  type Rendering,
  STAGES_BESIDE_RENDERING,
} from './expected-times.ts';

export interface RunningJob extends Rendering {
  stage: RunningStage;
  /** When it entered the stage. */
  since: Date;
  /** Seconds of voice. Undefined until it is decoded. */
  voiceS: number | undefined;
  /** Its place, from 1, if it waits for a slot. */
  place?: number;
  /** What the renderer has done, and since when. */
  frames?: { done: number; all: number; since: Date };
}

/** For a job whose voice is not decoded yet. */
const USUAL_VOICE_S = 10;

/**
 * When a job will end. Each stage ahead takes as long as for the jobs of the last day, or on the machine on which Limelight
 * was measured. Making the video takes time in proportion to the voice, and once frames are counted as long as the frames
 * so far suggest. The sum of the 90th percentiles of the stages is later than the end of nine tasks in ten.
 * `undefined` for a remote provider of which nothing is known.
 */
export function estimateEnd(
  times: ExpectedTimes | undefined,
  job: RunningJob,
  { now, defaultLongSidePx }: { now: Date; defaultLongSidePx: number },
): Eta | undefined {
  const rate = expectedRendering(times, job, defaultLongSidePx);
  if (!rate) {
    return undefined;
  }
  const voiceS = job.voiceS ?? USUAL_VOICE_S;
  const expected = Object.fromEntries([
    ...STAGES_BESIDE_RENDERING.map((stage) => [stage, expectedStage(times, stage)]),
    ['DID_PROCESSING', { p50: rate.p50 * voiceS, p90: rate.p90 * voiceS }],
  ]) as Record<Exclude<RunningStage, 'COMPLETED'>, Expected>;
  const ahead = RUNNING_STAGES.slice(RUNNING_STAGES.indexOf(job.stage));
  const endAt = (percentile: keyof Expected) => {
    const leftMs = ahead
      .filter((stage) => stage !== 'COMPLETED')
      .map((stage) =>
        stage === job.stage
          ? leftInStage(job, expected[stage], { percentile, now, times })
          : expected[stage][percentile],
      );
    return new Date(now.getTime() + leftMs.reduce((sum, ms) => sum + ms, 0)).toISOString();
  };
  return {
    p50: endAt('p50'),
    p90: endAt('p90'),
    stages_ms: Object.fromEntries(
      Object.entries(expected).map(([stage, { p50 }]) => [
        stage,
        Math.round((stage === 'DID_PROCESSING' && job.frames ? wholeMs(job.frames, now) : undefined) ?? p50),
      ]),
    ),
  };
}

/** How long all frames take at the pace so far. */
function wholeMs({ done, all, since }: NonNullable<RunningJob['frames']>, now: Date): number | undefined {
  return done > 0 ? ((now.getTime() - since.getTime()) / done) * all : undefined;
}

function leftInStage(
  { stage, since, place, frames }: RunningJob,
  expected: Expected,
  { percentile, now, times }: { percentile: keyof Expected; now: Date; times: ExpectedTimes | undefined },
): number {
  if (place !== undefined) {
    // Each job ahead is expected to take the usual time. The one that is running is half done on average.
    const others = (stage === 'DID_PROCESSING' ? times?.anyRendering : undefined) ?? expected;
    return expected[percentile] + (place - 0.5) * others[percentile];
  }
  const whole = frames && wholeMs(frames, now);
  if (whole !== undefined) {
    const slower = percentile === 'p90' ? expected.p90 / expected.p50 : 1;
    return whole * (1 - frames!.done / frames!.all) * slower;
  }
  return Math.max(0, expected[percentile] - (now.getTime() - since.getTime()));
}
