import { Counter, Gauge } from 'prom-client';
import type { RetentionReport } from '../../contracts/schemas/retention.ts';
import type { Metrics } from './metrics.ts';

/** @returns a function to call with the report of each run that deleted files. */
export function addRetentionMetrics({ registry }: Metrics): (report: RetentionReport) => void {
  const registers = [registry];
  const files = new Counter({
    name: 'limelight_retention_deleted_files_total',
    help: 'Expired files that were deleted, by kind',
    labelNames: ['group'],
    registers,
  });
  const bytes = new Counter({
    name: 'limelight_retention_deleted_bytes_total',
    help: 'Bytes of expired files that were deleted, by kind',
    labelNames: ['group'],
    registers,
  });
  const errors = new Counter({
    name: 'limelight_retention_errors_total',
    help: 'Files that could not be deleted or checked; the next run tries again',
    registers,
  });
  const duration = new Gauge({
    name: 'limelight_retention_last_duration_seconds',
    help: 'Duration of the last run of this worker',
    registers,
  });
  return ({ deleted, errors: failed, duration_ms }) => {
    for (const [group, sum] of Object.entries(deleted)) {
      files.inc({ group }, sum.files);
      bytes.inc({ group }, sum.bytes);
    }
    errors.inc(failed.count);
    duration.set(duration_ms / 1000);
  };
}
