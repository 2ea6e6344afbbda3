import { constants, type FileHandle, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream';
import type { ByteRange, OpenObject } from '../../ports/object-store.ts';
import { assertRange, objectCorrupt, objectNotFound } from '../object-errors.ts';
import { createVerifyingStream } from '../verifying-stream.ts';
import { findFolders, ignoreMissing } from './folders.ts';
import { describeVersion, type FileVersion, readTarget } from './version.ts';

const CHUNK_BYTES = 512 * 1024;

/** The whole object is verified while it streams, a part of it only for its size. */
export async function openFile(root: string, key: string, range?: ByteRange): Promise<OpenObject> {
  const { handle, version } = await openVersion(root, key);
  try {
    const object = { key, bytes: version.bytes, sha256: version.sha256, modifiedAt: version.modifiedAt };
    await assertSize(key, version, handle);
    if (range) {
      assertRange(object, range);
    }
    // A chunk is allocated in full, however little is read into it: most objects are small.
    const highWaterMark = Math.max(1, Math.min(CHUNK_BYTES, version.bytes));
    const source = handle.createReadStream({ ...range, highWaterMark });
    const isWhole = !range || range.end - range.start + 1 === version.bytes;
    // The callback is for the pipeline; whoever reads the stream gets the error from it.
    return {
      ...object,
      stream: isWhole ? pipeline(source, createVerifyingStream(object), () => {}) : source,
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** The version may be replaced between reading the name and opening the bytes: then the name says another one by now. */
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
    // At once: each step between the two is one more in which it may be replaced.
    const path = join(dirname(name), target);
    const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch(ignoreMissing);
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
