/**
 * A job on a folder that goes away: run it in a mount namespace of its own, with the mount point of a small file system and
 * the kind of outage. Prints what was seen as JSON.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startWorkerStack } from '../../harness/stack/worker-stack.ts';
import { followJob } from './follow-job.ts';

export type FolderOutage = 'read-only' | 'not mounted';

const [disk = '', kind] = process.argv.slice(2) as [string, FolderOutage];
const root = join(disk, 'root');
const bytes = join(disk, 'bytes');
mkdirSync(root);
mkdirSync(bytes);
const mount = (...args: string[]) => execFileSync('mount', args);
mount('--bind', bytes, root);
const OUTAGES: Record<FolderOutage, { takeAway(): void; bringBack(): void }> = {
  'read-only': {
    takeAway: () => mount('-o', 'remount,ro,bind', root),
    bringBack: () => mount('-o', 'remount,rw,bind', root),
  },
  'not mounted': {
    takeAway: () => execFileSync('umount', ['--lazy', root]),
    bringBack: () => mount('--bind', bytes, root),
  },
};

const { takeAway, bringBack } = OUTAGES[kind];
let isAway = false;
await using stack = await startWorkerStack({
  STORAGE_ROOT: root,
  STORAGE_MIN_FREE_GB: '0.0001',
  STORAGE_HARD_FLOOR_GB: '0.0002',
  STORAGE_JOB_RESERVE_MB: '0.8',
});
const report = await followJob({
  apiUrl: stack.apiUrl,
  async takeAway() {
    if (isAway) return;
    for (let tries = 0; ; tries++) {
      try {
        takeAway();
        break;
      } catch (error) {
        // A folder in which a file is open for writing cannot become read-only.
        if (tries === 200) throw error;
        await sleep(10);
      }
    }
    isAway = true;
  },
  async bringBack() {
    if (isAway) bringBack();
    isAway = false;
  },
});
process.stdout.write(JSON.stringify(report));
