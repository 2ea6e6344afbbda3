import { describe, expect, it } from 'vitest';
import { estimateEnd, type RunningJob } from '../../src/api/progress/estimate-end.ts';
import { type ExpectedTimes, toExpectedTimes } from '../../src/api/progress/expected-times.ts';
import type { TaskMetadata } from '../../src/contracts/schemas/task-metadata.ts';
import type { Timeline } from '../../src/contracts/schemas/timeline.ts';
import type { RunningStage } from '../../src/contracts/stages.ts';

const NOTHING = { compute: 0, provider: 0, retry: 0, queue: 0, orchestration: 0 };

interface PastJob {
  stages: Partial<Record<RunningStage, { ms: number; queue?: number }>>;
  voiceS?: number;
  provider?: string;
  longSidePx?: number;
  cached?: RunningStage[];
  success?: boolean;
}

/** The parts of a record that the estimate reads. */
function past({ stages, voiceS = 10, provider = 'local', longSidePx, cached = [], success = true }: PastJob) {
  const timeline = {
    split_ms: NOTHING,
    stages: Object.entries(stages).map(([stage, { ms, queue = 0 }]) => ({
      stage,
      ms,
      split_ms: { ...NOTHING, queue },
    })),
  };
  const record = {
    options: longSidePx === undefined ? {} : { long_side_px: longSidePx },
    outcome: { success, metadata: { cached, provider: { name: provider }, video: { duration_s: voiceS } } },
  };
  return { record: record as unknown as TaskMetadata, timeline: timeline as unknown as Timeline };
}

const at = (ms: number) => new Date(ms);
const LAST_DAY = toExpectedTimes([
  past({
    stages: {
      DETECTION_RUNNING: { ms: 1_000 },
      BACKGROUND_REMOVAL_RUNNING: { ms: 9_000, queue: 7_000 },
      BACKGROUND_REMOVAL_COMPLETE: { ms: 0 },
      DID_UPLOAD: { ms: 0 },
      DID_PROCESSING: { ms: 10_000 },
      DID_COMPLETE: { ms: 0 },
      FINALIZING: { ms: 500 },
    },
  }),
]);

function leftOf(times: ExpectedTimes | undefined, job: Partial<RunningJob>, nowMs = 0) {
  const eta = estimateEnd(
    times,
    { stage: 'DID_PROCESSING', since: at(0), voiceS: 10, provider: 'local', longSidePx: undefined, ...job },
    { now: at(nowMs), defaultLongSidePx: 720 },
  );
  return eta && Date.parse(eta.p50) - nowMs;
}

describe('the estimated end', () => {
  it('adds up the rest of this stage and all later stages, without the waits of earlier jobs', () => {
    expect(leftOf(LAST_DAY, { stage: 'BACKGROUND_REMOVAL_RUNNING' }, 500)).toBe(1_500 + 10_000 + 500);
  });

  it('follows the length of the voice', () => {
    expect(leftOf(LAST_DAY, { voiceS: 60 })).toBe(60_000 + 500);
    expect(leftOf(LAST_DAY, { voiceS: 1 })).toBe(1_000 + 500);
  });

  it('follows the size of the video, measured or in proportion to the other size', () => {
    const full = leftOf(LAST_DAY, { longSidePx: 1080 })!;
    expect(full).toBeGreaterThan(1.3 * leftOf(LAST_DAY, { longSidePx: 720 })!);
    const measured = toExpectedTimes([
      past({ stages: { DID_PROCESSING: { ms: 30_000 }, FINALIZING: { ms: 0 } }, longSidePx: 1080 }),
    ]);
    expect(leftOf(measured, { longSidePx: 1080 })).toBeGreaterThanOrEqual(30_000);
    expect(leftOf(measured, { longSidePx: 1080 })).toBeLessThan(30_200);
    expect(leftOf(measured, { longSidePx: 720 })).toBeLessThan(25_000);
  });

  it('follows the frames once they are counted', () => {
    const frames = { done: 100, all: 250, since: at(5_000) };
    expect(leftOf(LAST_DAY, { frames }, 7_000)).toBeCloseTo(150 * 20 + 500, -1);
    const eta = estimateEnd(
      LAST_DAY,
      { stage: 'DID_PROCESSING', since: at(0), voiceS: 10, provider: 'local', longSidePx: undefined, frames },
      { now: at(7_000), defaultLongSidePx: 720 },
    );
    expect(eta?.stages_ms.DID_PROCESSING).toBe(250 * 20);
  });

  it('waits for the jobs ahead, and does not count the wait as work', () => {
    expect(leftOf(LAST_DAY, { place: 1 }, 60_000)).toBe(10_000 + 0.5 * 10_000 + 500);
    expect(leftOf(LAST_DAY, { place: 3 })).toBe(10_000 + 2.5 * 10_000 + 500);
  });

  it('is not in the past if a stage takes longer than usual', () => {
    expect(leftOf(LAST_DAY, {}, 60_000)).toBe(500);
  });

  it('exists for the first job of the built-in renderer, and not for a provider of which nothing is known', () => {
    expect(leftOf(undefined, { stage: 'INITIALIZED' })).toBeGreaterThan(3_000);
    expect(leftOf(LAST_DAY, { provider: 'd-id' })).toBeUndefined();
    const measured = toExpectedTimes([
      past({ stages: { DID_PROCESSING: { ms: 40_000 } }, provider: 'd-id', voiceS: 20 }),
    ]);
    expect(leftOf(measured, { provider: 'd-id' })).toBeGreaterThan(20_000);
  });

  it('learns nothing from results of the cache and from failures', () => {
    const cached = past({ stages: { DID_PROCESSING: { ms: 5 } }, cached: ['DID_PROCESSING'] });
    const failed = past({ stages: { DID_PROCESSING: { ms: 5 } }, success: false });
    expect(leftOf(toExpectedTimes([cached, failed]), {})).toBe(leftOf(undefined, {}));
  });

  it('has the expected work of each stage', () => {
    const eta = estimateEnd(
      LAST_DAY,
      { stage: 'INITIALIZED', since: at(0), voiceS: 20, provider: 'local', longSidePx: undefined },
      { now: at(0), defaultLongSidePx: 720 },
    );
    expect(eta?.stages_ms).toMatchObject({
      DETECTION_RUNNING: 1_000,
      BACKGROUND_REMOVAL_RUNNING: 2_000,
      DID_PROCESSING: 20_000,
    });
  });
});
