/**
 * A job on a disk that is full nearly all the time: run with the mount point of a small file system. Each time the job waits
 * for space a little is freed, so that it meets the full disk in one stage after the other. Prints what was seen as JSON.
 */
import { openAsBlob } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLimelightClient } from '../../../src/client/limelight-client.ts';
import { startWorkerStack } from '../../harness/stack/worker-stack.ts';
import { isSlotFolder } from '../../harness/storage/slot-folders.ts';
import { litterOf } from '../../storage/file-store/litter-of.ts';
import { fillDisk } from './fill.ts';

export interface FullDiskReport {
  /** The stage of each wait for space. */
  waits: string[];
  /** Status of a submission during each wait. */
  refusals: number[];
  /** Half-written files, and objects that do not read, during any of the waits. */
  faults: string[];
  /** How the job ended. */
  ended: string;
  /** Status of a submission when there is space again. */
  accepted: number;
}

const SAMPLES = join(import.meta.dirname, '../../../samples');
const STEP_BYTES = 200_000;

const [root = ''] = process.argv.slice(2);
await using stack = await startWorkerStack({
  STORAGE_ROOT: root,
  STORAGE_MIN_FREE_GB: '0.0001',
  STORAGE_HARD_FLOOR_GB: '0.0002',
  STORAGE_JOB_RESERVE_MB: '0.8',
});
const client = createLimelightClient({ baseUrl: stack.apiUrl });
const image = await openAsBlob(join(SAMPLES, 'portrait.jpg'));
const audio = await openAsBlob(join(SAMPLES, 'voice.wav'));
/** By hand: the client would wait and come back. */
const statusOfSubmit = async () => {
  const form = new FormData();
  form.append('image', image, 'portrait.jpg');
  form.append('audio', audio, 'voice.wav');
  return (await fetch(`${stack.apiUrl}/api/pipeline/generate`, { method: 'POST', body: form })).status;
};

const report: FullDiskReport = { waits: [], refusals: [], faults: [], ended: '', accepted: 0 };
await using disk = await fillDisk(root);
await disk.free(1_100_000);
const { task_id } = await client.submit({ image, audio });
/** A job that keeps waiting says so once. Space is freed until it says something else. */
let isWaiting = false;
const making = setInterval(() => {
  if (isWaiting) void disk.free(STEP_BYTES);
}, 500);
for await (const { event_type, data } of client.events(task_id, { signal: AbortSignal.timeout(300_000) })) {
  if (event_type !== 'stage_update') continue;
  isWaiting = data.details?.waiting_for === 'disk_space';
  if (isWaiting) {
    report.waits.push(data.stage);
    report.refusals.push(await statusOfSubmit());
    report.faults.push(...(await findFaults()));
  }
  report.ended = data.stage === 'FAILED' ? `${data.stage}: ${data.message}` : data.stage;
}
clearInterval(making);
await disk.free(Number.POSITIVE_INFINITY);
report.accepted = await statusOfSubmit();
process.stdout.write(JSON.stringify(report));

async function findFaults(): Promise<string[]> {
  const faults: string[] = [];
  for await (const { key } of stack.store.list('')) {
    await stack.store
      .open(key)
      .then(({ stream }) => finished(stream.resume()))
      .catch((error) => faults.push(`${key}: ${error}`));
  }
  // Workers tell of themselves every few seconds: what is still there a second later is litter.
  const isOurs = (path: string) => !path.endsWith('.filler') && !isSlotFolder(path);
  const before = (await litterOf(root)).filter(isOurs);
  if (before.length === 0) return faults;
  await sleep(1_000);
  const after = await litterOf(root);
  return [...faults, ...before.filter((path) => after.includes(path))];
}
