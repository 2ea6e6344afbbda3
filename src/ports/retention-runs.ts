import type { RetentionReport } from '../contracts/retention.ts';

/** What the retention did, as it reported. */
export interface RetentionRuns {
  /** Finished runs, newest first. Rejects with TEMPORAL_UNAVAILABLE. */
  newest(count: number): Promise<RetentionReport[]>;
}
