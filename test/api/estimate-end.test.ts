import { describe, expect, it } from 'vitest';
import { estimateEnd } from '../../src/api/progress/estimate-end.ts';
import type { TimelineSummary } from '../../src/contracts/schemas/timeline.ts';
import type { Stage } from '../../src/contracts/stages.ts';

function toSummary(stages: Partial<Record<Stage, { p50: number; p90: number }>>): TimelineSummary {
  const percentiles = { p50: 0, p90: 0, p99: 0 };
  const split_ms = {
    compute: percentiles,
    provider: percentiles,
    retry: percentiles,
    queue: percentiles,
    orchestration: percentiles,
  };
  return {
    since: new Date(0).toISOString(),
    jobs: 3,
    total_ms: percentiles,
    split_ms,
    stages: Object.entries(stages).map(([stage, ms]) => ({
      stage: stage as Stage,
      jobs: 3,
      ms: { ...percentiles, ...ms },
      split_ms,
    })),
  };
}

const SUMMARY = toSummary({
  DETECTION_RUNNING: { p50: 1_000, p90: 4_000 },
  BACKGROUND_REMOVAL_RUNNING: { p50: 2_000, p90: 5_000 },
  DID_PROCESSING: { p50: 10_000, p90: 20_000 },
});
const at = (ms: number) => new Date(ms);

describe('the estimated end', () => {
  it('adds up the rest of this stage and all later stages', () => {
    expect(
      estimateEnd(SUMMARY, { stage: 'BACKGROUND_REMOVAL_RUNNING', since: at(0), now: at(1_500) }),
    ).toEqual({ p50: at(12_000).toISOString(), p90: at(25_000).toISOString() });
  });

  it('is not in the past if a stage takes longer than usual', () => {
    expect(estimateEnd(SUMMARY, { stage: 'DID_PROCESSING', since: at(0), now: at(60_000) })).toEqual({
      p50: at(60_000).toISOString(),
      p90: at(60_000).toISOString(),
    });
  });

  it('is unknown if nothing was measured', () => {
    const nothing = toSummary({});
    expect(estimateEnd(nothing, { stage: 'INITIALIZED', since: at(0), now: at(1) })).toBeUndefined();
  });
});
