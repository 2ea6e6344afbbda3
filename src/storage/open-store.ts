import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { createFileStore } from './file/file-store.ts';
import { createS3Store } from './s3/s3-store.ts';

/**
 * Opens the configured store: a bucket if there is one, else a folder.
 *
 * @param options.guard called immediately before each change of an object. If it throws, the change does not happen, and the
 * call rejects with what it threw. Default: every change happens.
 */
export function openStore(
  { root, mustExist, s3, maxLocalBytes }: Config['storage'],
  { guard }: { guard?: () => void } = {},
): ObjectStore & Disposable {
  return s3
    ? createS3Store({ ...s3, folder: join(root, 's3'), maxLocalBytes, guard })
    : { ...createFileStore({ root, guard, mustExist }), [Symbol.dispose]() {} };
}
