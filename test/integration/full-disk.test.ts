import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import type { FullDiskReport } from './full-disk/run-job.ts';

const run = promisify(execFile);
const PROGRAM = join(import.meta.dirname, 'full-disk/run-job.ts');
const MOUNT_SMALL = 'mount -t tmpfs -o size=24m limelight "$1"';

const folder = await mkdtemp(join(tmpdir(), 'limelight-full-'));
afterAll(() => rm(folder, { recursive: true, force: true }));
const mayMount = await run('unshare', ['-rm', 'sh', '-c', MOUNT_SMALL, '-', folder]).then(
  () => true,
  () => false,
);

it.skipIf(!mayMount)(
  'a job waits on a full disk at one stage after the other, leaves nothing half-written, and ends well (needs user namespaces to mount a small one)',
  async () => {
    const script = `${MOUNT_SMALL} && exec "$2" "$3" "$1"`;
    const args = ['-rm', 'sh', '-c', script, '-', folder, process.execPath, PROGRAM];
    const report = JSON.parse((await run('unshare', args)).stdout) as FullDiskReport;

    expect(report.faults).toEqual([]);
    expect(new Set(report.waits).size).toBeGreaterThanOrEqual(3);
    expect(new Set(report.refusals)).toEqual(new Set([507]));
    expect(report.ended).toBe('COMPLETED');
    expect(report.accepted).toBe(202);
  },
  400_000,
);
