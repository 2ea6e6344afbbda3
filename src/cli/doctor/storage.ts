import { constants } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { openStore } from '../../storage/open-store.ts';
import { type Check, type Finding, fault, note, ok, toSentence } from './finding.ts';

/** A phone photo and a minute of voice take about 30 MB. Temporal's database and the logs grow too. */
const MIN_FREE_BYTES = 500e6;
const LOW_BYTES = 5e9;

/** The folder is writable and has free space. The bucket, if one is configured, responds. */
export const checkStorage: Check = async ({ config }) => {
  const folder = await checkFolder(config.storage.root);
  return config.storage.s3 ? [folder, await checkBucket(config.storage)] : [folder];
};

async function checkFolder(root: string): Promise<Finding> {
  const elsewhere = 'STORAGE_ROOT=$HOME/limelight-data npm start';
  try {
    const folder = await nearestFolder(root);
    await access(folder, constants.W_OK);
    const { bavail, bsize } = await statfs(folder);
    const freeBytes = bavail * bsize;
    const free = `${(freeBytes / 1e9).toFixed(1)} GB free in ${root}`;
    if (freeBytes < MIN_FREE_BYTES) {
      return fault('disk', `only ${free}; at least ${MIN_FREE_BYTES / 1e9} GB are needed`, elsewhere);
    }
    return freeBytes < LOW_BYTES ? note('disk', `${free}, which is low`) : ok('disk', free);
  } catch (error) {
    return fault('disk', `${root} is not writable: ${toSentence(error)}`, elsewhere);
  }
}

/** The folder itself, or its nearest existing parent. */
async function nearestFolder(path: string): Promise<string> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' || dirname(path) === path) {
      throw error;
    }
  });
  if (found && !found.isDirectory()) {
    throw new Error(`${path} is not a folder`);
  }
  return found ? path : nearestFolder(dirname(path));
}

async function checkBucket(storage: Parameters<typeof openStore>[0]): Promise<Finding> {
  const { bucket, endpoint } = storage.s3!;
  using store = openStore(storage);
  try {
    await store.stat('doctor/nothing/here').catch((error: { code?: string }) => {
      if (error.code !== 'OBJECT_NOT_FOUND') {
        throw error;
      }
    });
    return ok('bucket', `${bucket} responds`);
  } catch (error) {
    return fault(
      'bucket',
      `${bucket}: ${toSentence(error)}`,
      `curl -I ${endpoint ?? `https://${bucket}.s3.amazonaws.com`}`,
    );
  }
}
