import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PipelineError } from '../errors.ts';
import { identifyProcess, isRunning, type ProcessIdentity } from './process-identity.ts';

/** Two that start in the same moment both stand back; with random pauses one of them comes first soon. */
const ATTEMPTS = 5;
const LONGEST_PAUSE_MS = 100;

/**
 * Takes the device for this process until it is disposed or the process ends, however it ends. A second GPU worker on
 * one device would double its caps.
 *
 * Each process that wants the device puts a claim into the device's folder: a file that is named after the process. It
 * has the device when no other living process has a claim. Nothing is ever taken over, so nothing can be taken over
 * twice: a claim whose process is gone is dirt that anybody may sweep.
 * @throws PipelineError DEVICE_IN_USE naming the process that has it.
 */
export async function lockDevice(device: string, root = tmpdir()): Promise<AsyncDisposable> {
  const folder = join(root, `limelight-device-${encodeURIComponent(device)}`);
  await mkdir(folder, { recursive: true });
  // For workers of other users. Only the folder's owner may do it, and did.
  await chmod(folder, 0o1777).catch(() => {});

  const { pid, startedAt } = identifyProcess(process.pid) as ProcessIdentity;
  const name = `${pid}_${startedAt}_${randomUUID()}`;
  const claim = join(folder, name);
  let rival: ProcessIdentity | undefined;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    await writeFile(claim, '', { flag: 'wx' });
    rival = await findRival(folder, name);
    if (!rival) {
      return { [Symbol.asyncDispose]: () => rm(claim, { force: true }) };
    }
    await rm(claim, { force: true });
    await delay(Math.random() * LONGEST_PAUSE_MS);
  }
  throw new PipelineError(
    'DEVICE_IN_USE',
    `Device ${device} is in use by process ${rival?.pid}: stop that GPU worker, or give this one another device with ` +
      'CUDA_VISIBLE_DEVICES',
    { details: { device, pid: rival?.pid ?? 0 } },
  );
}

/** Another living process with a claim. Sweeps the claims of those that are gone. */
async function findRival(folder: string, ownName: string): Promise<ProcessIdentity | undefined> {
  for (const name of await readdir(folder)) {
    if (name === ownName) {
      continue;
    }
    const [pid = '', startedAt = ''] = name.split('_');
    const claimant = { pid: Number(pid), startedAt };
    if (isRunning(claimant)) {
      return claimant;
    }
    await rm(join(folder, name), { force: true }).catch(() => {});
  }
}
