import { join } from 'node:path';
import { expect } from 'vitest';
import { needs } from '../harness/needs.ts';
import { runOnSmallDisk } from '../harness/small-disk.ts';
import type { FullDiskReport } from './full-disk/run-job.ts';

needs('user namespaces').it(
  'a job waits on a full disk at one stage after the other, leaves nothing half-written, and ends well',
  async () => {
    const program = join(import.meta.dirname, 'full-disk/run-job.ts');
    const report = await runOnSmallDisk<FullDiskReport>(program, 24);

    expect(report.faults).toEqual([]);
    expect(new Set(report.waits).size).toBeGreaterThanOrEqual(3);
    expect(new Set(report.refusals)).toEqual(new Set([507]));
    expect(report.ended).toBe('COMPLETED');
    expect(report.accepted).toBe(202);
  },
  400_000,
);
