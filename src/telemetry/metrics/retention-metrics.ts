import { Counter, Gauge } from 'prom-client';
import type { RetentionReport } from '../../contracts/schemas/retention.ts';
import type { Metrics } from './metrics.ts';

/** @returns what is to be called with the report of each run that deleted. */
export function addRetentionMetrics({ registry }: Metrics): (report: RetentionReport) => void {
  const registers = [registry];
  const files = new Counter({
    name: 'limelight_retention_deleted_files_total',
    help: 'Files that had had their time, by what they were',
    labelNames: ['group'],
    registers,
  });
  const bytes = new Counter({
    name: 'limelight_retention_deleted_bytes_total',
    help: 'Bytes of them',
    labelNames: ['group'],
    registers,
  });
  const errors = new Counter({
    name: 'limelight_retention_errors_total',
    help: 'Files that could not be deleted or looked at; the next run tries again',
    registers,
  });
  const duration = new Gauge({
    name: 'limelight_retention_last_duration_seconds',
    help: 'Of the last run of this worker',
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
