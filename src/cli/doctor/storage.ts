import { constants } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isFailure } from '../../errors.ts';
import { openStore } from '../../storage/open-store.ts';
import { type Check, fault, note, ok, toSentence } from './finding.ts';

/** A phone photo and a minute of voice take about 30 MB. Temporal's database and the logs grow too. */
const MIN_FREE_BYTES = 500e6;
const LOW_BYTES = 5e9;

/** The folder is writable and has free space. */
export const checkDisk: Check = async ({ config }) => {
  const { root } = config.storage;
  const elsewhere = 'STORAGE_ROOT=$HOME/limelight-data npm start';
  try {
    const folder = await nearestFolder(root);
    await access(folder, constants.W_OK);
    const { bavail, bsize } = await statfs(folder);
    const freeBytes = bavail * bsize;
    const free = `${(freeBytes / 1e9).toFixed(1)} GB free in ${root}`;
    if (freeBytes < MIN_FREE_BYTES) {
      return [fault(`only ${free}; at least ${MIN_FREE_BYTES / 1e9} GB are needed`, elsewhere)];
    }
    return [freeBytes < LOW_BYTES ? note(`${free}, which is low`) : ok(free)];
  } catch (error) {
    return [fault(`${root} is not writable: ${toSentence(error)}`, elsewhere)];
  }
};

/** The bucket, if one is configured, responds. */
export const checkBucket: Check = async ({ config: { storage } }) => {
  if (!storage.s3) {
    return [];
  }
  const { bucket, endpoint } = storage.s3;
  using store = openStore(storage);
  try {
    await store.stat('doctor/nothing/here').catch((error: unknown) => {
      if (!isFailure(error, 'OBJECT_NOT_FOUND')) {
        throw error;
      }
    });
    return [ok(`${bucket} responds`)];
  } catch (error) {
    const address = endpoint ?? `https://${bucket}.s3.amazonaws.com`;
    return [fault(`${bucket}: ${toSentence(error)}`, `curl -I ${address}`)];
  }
};

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
