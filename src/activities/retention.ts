import { heartbeat } from '@temporalio/activity';
import type { RetentionReport } from '../contracts/schemas/retention.ts';

export interface RetentionDeps {
  retain(options: {
    dryRun: boolean;
    onProgress: (scanned: { files: number; bytes: number }) => void;
  }): Promise<RetentionReport>;
  /** Called after each run that is not a dry run. */
  onReport?(report: RetentionReport): void;
}

/** An object takes a moment, and a batch of deletions less than a minute. */
const OBJECTS_PER_HEARTBEAT = 200;

export function createRetentionActivities({ retain, onReport }: RetentionDeps) {
  return {
    /** Deletes expired files, or with `dryRun` only reports them. The next run continues where one stopped. */
    async retainFiles({ dryRun }: { dryRun: boolean }): Promise<RetentionReport> {
      let seen = 0;
      const report = await retain({
        dryRun,
        onProgress(scanned) {
          seen += 1;
          if (seen % OBJECTS_PER_HEARTBEAT === 0) heartbeat({ ...scanned });
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
