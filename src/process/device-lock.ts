import { randomUUID } from 'node:crypto';
import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ignoreFailure, PipelineError } from '../errors.ts';
import { identifyProcess, isRunning, type ProcessIdentity } from './process-identity.ts';

/** Two processes that start at the same moment both back off; after random pauses one of them comes first. */
const MAX_ATTEMPTS = 5;
const MAX_BACKOFF_MS = 100;

/**
 * Locks the device for this process until disposed, or until the process ends in any way. A second GPU worker on one device
 * would double its caps.
 *
 * Each process puts a claim into the device's folder: a file named after the process. It has the device if no other living
 * process has a claim. Claims are never taken over, so none can be taken over twice; any process may delete the claim of a
 * dead one.
 * @throws PipelineError DEVICE_IN_USE with the id of the process that has it.
 */
export async function lockDevice(device: string, root = tmpdir()): Promise<AsyncDisposable> {
  const folder = join(root, `limelight-device-${encodeURIComponent(device)}`);
  await mkdir(folder, { recursive: true });
  // Workers of other users need access too.
  await ignoreFailure(
    chmod(folder, 0o1777),
    'only the owner of the folder may set its mode, and has done so',
  );

  const { pid, startedAt } = identifyProcess(process.pid) as ProcessIdentity;
  const name = `${pid}_${startedAt}_${randomUUID()}`;
  const claim = join(folder, name);
  let rival: ProcessIdentity | undefined;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    await writeFile(claim, '', { flag: 'wx' });
    rival = await findRival(folder, name);
    if (!rival) {
      return { [Symbol.asyncDispose]: () => rm(claim, { force: true }) };
    }
    await rm(claim, { force: true });
    await delay(Math.random() * MAX_BACKOFF_MS);
  }
  throw new PipelineError(
    'DEVICE_IN_USE',
    `Device ${device} is in use by process ${rival?.pid}: stop that GPU worker, or give this one another device with ` +
      'CUDA_VISIBLE_DEVICES',
    { details: { device, pid: rival?.pid ?? 0 } },
  );
}

/** Another living process with a claim. Deletes the claims of dead processes. */
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
    await ignoreFailure(rm(join(folder, name), { force: true }), 'a claim that stays is deleted next time');
  }
}
