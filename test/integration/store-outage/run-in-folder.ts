/**
 * A job on a folder that goes away: run it in a mount namespace of its own, with the mount point of a small file system. Prints
 * what was seen as JSON.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startWorkerStack } from '../../harness/stack/worker-stack.ts';
import { followJob } from './follow-job.ts';

const [disk = ''] = process.argv.slice(2);
const root = join(disk, 'root');
const bytes = join(disk, 'bytes');
mkdirSync(root);
mkdirSync(bytes);
const mount = () => execFileSync('mount', ['--bind', bytes, root]);
mount();

await using stack = await startWorkerStack({
  STORAGE_ROOT: root,
  STORAGE_MIN_FREE_GB: '0.0001',
  STORAGE_HARD_FLOOR_GB: '0.0002',
  STORAGE_JOB_RESERVE_MB: '0.8',
});
const report = await followJob({
  apiUrl: stack.apiUrl,
  takeAway: async () => void execFileSync('umount', ['--lazy', root]),
  bringBack: async () => void mount(),
});
process.stdout.write(JSON.stringify(report));
