import { link } from 'node:fs/promises';
import type { StoredObject } from '../../contracts/job.ts';
import { type ReceivedBody, receiveBody } from '../receive-body.ts';
import type { FileLayout } from './layout.ts';
import { openVersion } from './open.ts';
import { storeFiles } from './put.ts';

/**
 * A second name for the same bytes where the file system has such (a hard link): no version is ever written to, so both
 * objects are as good as copies, and take the room of one. Damaged bytes are damaged in both, and found in both.
 */
export async function copyFile(layout: FileLayout, from: string, to: string): Promise<StoredObject> {
  const [copied] = await storeFiles(layout, [
    { key: to, receive: (path) => receiveLink(layout, from, path) },
  ]);
  return copied!;
}

async function receiveLink({ root }: FileLayout, from: string, path: string): Promise<ReceivedBody> {
  for (;;) {
    const { handle, version } = await openVersion(root, from);
    try {
      await link(version.path, path);
      return { handle, bytes: version.bytes, sha256: version.sha256 };
    } catch (error) {
      await using source = handle;
      // Gone since it was opened: replaced, so the name says another version by now.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        // No such links here, or (EMLINK) as many as there can be of one file.
        return await receiveBody(path, source.createReadStream({ autoClose: false }), undefined);
      }
    }
  }
}
