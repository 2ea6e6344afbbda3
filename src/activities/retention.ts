import { heartbeat } from '@temporalio/activity';
import type { RetentionReport } from '../contracts/schemas/retention.ts';

export interface RetentionDeps {
  retain(options: {
    dryRun: boolean;
    onProgress: (scanned: { files: number; bytes: number }) => void;
  }): Promise<RetentionReport>;
  /** Told of each run that deleted. */
  onReport?(report: RetentionReport): void;
}

/** Objects between two heartbeats: each is a moment's work, a batch of deletions less than a minute's. */
const BEAT_EVERY = 200;

export function createRetentionActivities({ retain, onReport }: RetentionDeps) {
  return {
    /** Deletes what has had its time, or with `dryRun` says what would go. What a run does not get to, the next one does. */
    async retainFiles({ dryRun }: { dryRun: boolean }): Promise<RetentionReport> {
      let seen = 0;
      const report = await retain({
        dryRun,
        onProgress(scanned) {
          seen += 1;
          if (seen % BEAT_EVERY === 0) heartbeat({ ...scanned });
        },
      });
      if (!dryRun) {
        onReport?.(report);
      }
      return report;
    },
  };
}

export type RetentionActivities = ReturnType<typeof createRetentionActivities>;
