/**
 * Objects as files. The name of an object, `videos/T/video.mp4`, is a symbolic link to the version beside it,
 * `.video.mp4.<nonce>.<bytes>.<sha256>`. One rename of the link swaps content, size and checksum together, so there is no
 * moment in which a killed process leaves one without the other; a checksum in a second file or in an index has such a
 * moment. Versions that no name points to are the litter of dead writers: `sweep` removes them.
 *
 * Durable on file systems that write the names of a folder in the order they were made: ext4, XFS, Btrfs.
 */
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';
import type { ListedObject, ObjectStore } from '../../ports/object-store.ts';
import { assertFolderPrefix, assertKeyPrefix, assertObjectKey } from '../object-key.ts';
import { createScratchFolder } from '../scratch-folder.ts';
import { copyFile } from './copy.ts';
import { createLayout } from './layout.ts';
import { listFiles } from './list.ts';
import { openFile } from './open.ts';
import { putFiles } from './put.ts';
import { removeFiles } from './remove.ts';
import { statFile } from './stat.ts';
import { sweepFiles } from './sweep.ts';

export type FileStore = ObjectStore;

/** @param options.root made where it is missing; nothing outside of it is read or written, whatever links lie in it. */
export function createFileStore(options: { root: string }): ObjectStore {
  const layout = createLayout(options.root);
  const { root } = layout;

  return {
    async put(key, body, putOptions = {}) {
      assertObjectKey(key);
      const [stored] = await putFiles(layout, [{ key, body }], putOptions);
      return stored!;
    },

    async putMany(objects) {
      for (const { key } of objects) {
        assertObjectKey(key);
      }
      return putFiles(layout, objects);
    },

    async open(key, range) {
      assertObjectKey(key);
      return openFile(root, key, range);
    },

    async read(key) {
      assertObjectKey(key);
      return buffer((await openFile(root, key)).stream);
    },

    async stat(key) {
      assertObjectKey(key);
      return statFile(root, key);
    },

    async *list(prefix, { after } = {}) {
      assertKeyPrefix(prefix);
      yield* listFiles(root, prefix, after);
    },

    async copy(from, to) {
      assertObjectKey(from);
      assertObjectKey(to);
      return copyFile(layout, from, to);
    },

    async delete(key) {
      assertObjectKey(key);
      await removeFiles(layout, [key]);
    },

    async deleteMany(keys) {
      for (const key of keys) {
        assertObjectKey(key);
      }
      await removeFiles(layout, keys);
    },

    async deleteAll(prefix) {
      assertFolderPrefix(prefix);
      return removeFiles(layout, keysOf(listFiles(root, prefix)));
    },

    /** Reads all of it once, so that what the libraries read is what was stored. */
    async localPath(key) {
      assertObjectKey(key);
      const { stream } = await openFile(root, key);
      await finished(stream.resume());
      return join(root, key);
    },

    scratch: () => createScratchFolder(layout.scratch),

    async signUrl(key) {
      assertObjectKey(key);
      return undefined;
    },

    sweep: ({ olderThanMs }) => sweepFiles(layout, olderThanMs),
  };
}

async function* keysOf(objects: AsyncIterable<ListedObject>): AsyncGenerator<string> {
  for await (const { key } of objects) {
    yield key;
  }
}
