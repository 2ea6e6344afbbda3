import { join } from 'node:path';
import type { StoredObject } from '../../contracts/job.ts';
import { findFolders } from './folders.ts';
import { readVersion } from './version.ts';

/** All from the name of the object: its bytes are not touched. */
export async function statFile(
  root: string,
  key: string,
): Promise<(StoredObject & { modifiedAt: Date }) | undefined> {
  const version = (await findFolders(root, key)) && (await readVersion(join(root, key)));
  return version && { key, bytes: version.bytes, sha256: version.sha256, modifiedAt: version.modifiedAt };
}
