import type { FilesAndBytes, RetentionReport } from '../contracts/schemas/retention.ts';
import { keepAlive } from './keep-alive.ts';

export interface RetentionDeps {
  retain(options: {
    dryRun: boolean;
    onProgress: (scanned: FilesAndBytes) => void;
  }): Promise<RetentionReport>;
  /** Called after each run that is not a dry run. */
  onReport?(report: RetentionReport): void;
}

export function createRetentionActivities({ retain, onReport }: RetentionDeps) {
  return {
    /**
     * Deletes expired files, or with `dryRun` only reports them. Stops between two objects if the worker drains; the next
     * attempt continues there.
     */
    retainFiles: ({ dryRun }: { dryRun: boolean }): Promise<RetentionReport> =>
      keepAlive(async (signal, report) => {
        const onProgress = (scanned: FilesAndBytes) => {
          signal.throwIfAborted();
          report(scanned);
        };
        const done = await retain({ dryRun, onProgress });
        if (!dryRun) {
          onReport?.(done);
        }
        return done;
      }),
  };
}

export type RetentionActivities = ReturnType<typeof createRetentionActivities>;
