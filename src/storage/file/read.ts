import { constants, type FileHandle, open, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream';
import type { StoredObject } from '../../contracts/schemas/job.ts';
import { ignoreMissing } from '../../errors.ts';
import type { ByteRange, ListedObject, OpenObject } from '../../ports/object-store.ts';
import { assertRange, objectCorrupt, objectNotFound } from '../object-errors.ts';
import { isKeySegment } from '../object-key.ts';
import { createVerifyingStream } from '../verifying-stream.ts';
import { findFolders } from './folders.ts';
import { MAX_CONCURRENT } from './layout.ts';
import { describeVersion, type FileVersion, readTarget, readVersion } from './version.ts';

const CHUNK_BYTES = 512 * 1024;

/** A whole object is verified against its hash while it streams; of a range only the size of the object is checked. */
export async function openFile(root: string, key: string, range?: ByteRange): Promise<OpenObject> {
  const { handle, version } = await openVersion(root, key);
  try {
    const object = { key, bytes: version.bytes, sha256: version.sha256, modifiedAt: version.modifiedAt };
    await assertSize(key, version, handle);
    if (range) {
      assertRange(object, range);
    }
    // A whole chunk is allocated even for a few bytes, and most objects are small.
    const highWaterMark = Math.max(1, Math.min(CHUNK_BYTES, version.bytes));
    const source = handle.createReadStream({ ...range, highWaterMark });
    const isWhole = !range || range.end - range.start + 1 === version.bytes;
    // `pipeline` requires the callback; the reader of the stream gets the error.
    return {
      ...object,
      stream: isWhole ? pipeline(source, createVerifyingStream(object), () => {}) : source,
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Starts over if the version is replaced between reading the name and opening the file. */
export async function openVersion(
  root: string,
  key: string,
): Promise<{ handle: FileHandle; version: FileVersion }> {
  const name = join(root, key);
  let missing: string | undefined;
  for (;;) {
    const target = (await findFolders(root, key)) && (await readTarget(name));
    if (!target) {
      throw objectNotFound(key);
    }
    // Open immediately: any step in between makes a replacement more likely.
    const path = join(dirname(name), target);
    const handle = await ignoreMissing(open(path, constants.O_RDONLY | constants.O_NOFOLLOW));
    if (handle) {
      try {
        const version = await describeVersion(name, target);
        if (version) return { handle, version };
      } catch (error) {
        await handle.close();
        throw error;
      }
      await handle.close();
    } else if (missing === target) {
      throw objectCorrupt(key, 'its bytes are gone');
    }
    missing = target;
  }
}

async function assertSize(key: string, version: FileVersion, handle: FileHandle): Promise<void> {
  const { size } = await handle.stat();
  if (size !== version.bytes) {
    throw objectCorrupt(key, `it had ${version.bytes} bytes and has ${size}`);
  }
}

/** Reads the name of the object only, never its bytes. */
export async function statFile(
  root: string,
  key: string,
): Promise<(StoredObject & { modifiedAt: Date }) | undefined> {
  const version = (await findFolders(root, key)) && (await readVersion(join(root, key)));
  return version && { key, bytes: version.bytes, sha256: version.sha256, modifiedAt: version.modifiedAt };
}

/** Holds the names of one folder per level in memory, however many objects there are. */
export async function* listFiles(root: string, prefix: string, after = ''): AsyncGenerator<ListedObject> {
  if (!(await findFolders(root, prefix))) {
    return;
  }
  const parent = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  const names = (await namesIn(root, parent)).filter(
    (name) => name.startsWith(prefix) && (name.endsWith('/') ? mayHoldAfter(name, after) : name > after),
  );
  for (let start = 0; start < names.length; start += MAX_CONCURRENT) {
    const some = names.slice(start, start + MAX_CONCURRENT);
    const objects = await Promise.all(
      some.map((name) => (name.endsWith('/') ? undefined : readVersion(join(root, name)))),
    );
    for (const [index, key] of some.entries()) {
      const object = objects[index];
      if (key.endsWith('/')) {
        yield* listFiles(root, key, after);
      } else if (object) {
        yield { key, bytes: object.bytes, modifiedAt: object.modifiedAt };
      }
    }
  }
}

/** Whether a folder may contain keys after the given one. */
function mayHoldAfter(folder: string, after: string): boolean {
  return folder > after || after.startsWith(folder);
}

/** Keys, and folders with a trailing slash, so that sorting puts them in key order: `a-1` before `a/1`. */
async function namesIn(root: string, parent: string): Promise<string[]> {
  // The folder may be removed while it is listed.
  const entries = (await ignoreMissing(readdir(join(root, parent), { withFileTypes: true }))) ?? [];
  return entries
    .filter((entry) => isKeySegment(entry.name))
    .map((entry) => `${parent}${entry.name}${entry.isDirectory() ? '/' : ''}`)
    .sort();
}
