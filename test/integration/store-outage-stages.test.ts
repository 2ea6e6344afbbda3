import { join } from 'node:path';
import { expect } from 'vitest';
import { needs } from '../harness/needs.ts';
import { runOnSmallDisk } from '../harness/small-disk.ts';
import type { OutageReport } from './store-outage/follow-job.ts';

needs('user namespaces').it(
  'a job waits for a folder that is not mounted at one stage after the other, and ends well',
  async () => {
    const program = join(import.meta.dirname, 'store-outage/run-in-folder.ts');
    const report = await runOnSmallDisk<OutageReport>(program, 64);

    expect(report.ended).toBe('COMPLETED');
    expect(new Set(report.ready)).toEqual(new Set([503]));
    expect(new Set(report.waits).size, report.waits.join(', ')).toBeGreaterThanOrEqual(3);
  },
  400_000,
);
