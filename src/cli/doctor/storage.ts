import { constants } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { openStore } from '../../storage/open-store.ts';
import { type Check, type Finding, fault, note, ok, toSentence } from './finding.ts';

/** A job of a phone's photo and a minute of voice takes some 30 MB; the job server's database and the logs grow too. */
const NEEDED_BYTES = 500e6;
const COMFORTABLE_BYTES = 5e9;

/** The folder can be written and has room; the bucket, where there is one, answers. */
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
    const free = bavail * bsize;
    const room = `${(free / 1e9).toFixed(1)} GB free in ${root}`;
    if (free < NEEDED_BYTES) {
      return fault('disk', `only ${room}: at least ${NEEDED_BYTES / 1e9} GB are needed`, elsewhere);
    }
    return free < COMFORTABLE_BYTES ? note('disk', `${room}, which is not much`) : ok('disk', room);
  } catch (error) {
    return fault('disk', `${root} cannot be written: ${toSentence(error)}`, elsewhere);
  }
}

/** The folder itself, or the one that it would be made in. */
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
    return ok('bucket', `${bucket} answers`);
  } catch (error) {
    return fault(
      'bucket',
      `${bucket}: ${toSentence(error)}`,
      `curl -I ${endpoint ?? `https://${bucket}.s3.amazonaws.com`}`,
    );
  }
}
