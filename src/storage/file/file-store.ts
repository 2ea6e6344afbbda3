/**
 * Stores objects as files. The name of an object, `videos/T/video.mp4`, is a symbolic link to the version beside it,
 * `.video.mp4.<nonce>.<bytes>.<sha256>`. Renaming the link replaces content, size and checksum in one step, so a killed
 * process never leaves one without the other; a checksum in a second file or an index could not promise that. Writers
 * that die leave versions without a name: `sweep` removes them.
 *
 * Durable on file systems that write the names of a folder in the order of their creation: ext4, XFS, Btrfs.
 */
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';
import type { ListedObject, ObjectStore } from '../../ports/object-store.ts';
import { iterate } from '../in-time.ts';
import { assertFolderPrefix, assertKeyPrefix, assertObjectKey } from '../object-key.ts';
import { createScratchFolder } from '../scratch-folder.ts';
import { createLayout } from './layout.ts';
import { watchOutages } from './outages.ts';
import { listFiles, openFile, statFile } from './read.ts';
import { removeFiles, sweepFiles } from './remove.ts';
import { copyFile, putFiles } from './write.ts';

export interface FileStoreOptions {
  /** Created if missing. Nothing outside of it is read or written, even if there are links in it. */
  root: string;
  /** Whether the folder must be that of a store already. Default: no. */
  mustExist?: boolean;
  /** See `openStore`. */
  guard?: (() => void) | undefined;
  /** A call that takes longer rejects with STORAGE_UNAVAILABLE. Default: 100 s. */
  maxCallMs?: number;
}

export function createFileStore(options: FileStoreOptions): ObjectStore {
  const layout = createLayout(options);
  const { root } = layout;
  const { watch, watchNext, assertPresent } = watchOutages(layout, options.maxCallMs);

  return {
    async put(key, body, putOptions = {}) {
      assertObjectKey(key);
      const [stored] = await watch(() => putFiles(layout, [{ key, body }], putOptions));
      return stored!;
    },

    async putMany(objects) {
      for (const { key } of objects) {
        assertObjectKey(key);
      }
      return watch(() => putFiles(layout, objects));
    },

    async open(key, range) {
      assertObjectKey(key);
      return watch(
        () => openFile(root, key, range),
        ({ stream }) => void stream.destroy(),
      );
    },

    async read(key) {
      assertObjectKey(key);
      return watch(async () => buffer((await openFile(root, key)).stream));
    },

    async stat(key) {
      assertObjectKey(key);
      return watch(() => statFile(root, key));
    },

    async *list(prefix, { after } = {}) {
      assertKeyPrefix(prefix);
      let isEmpty = true;
      for await (const object of iterate(listFiles(root, prefix, after), watchNext)) {
        isEmpty = false;
        yield object;
      }
      if (isEmpty) {
        await assertPresent();
      }
    },

    async copy(from, to) {
      assertObjectKey(from);
      assertObjectKey(to);
      return watch(() => copyFile(layout, from, to));
    },

    async delete(key) {
      assertObjectKey(key);
      await watch(() => removeFiles(layout, [key]));
    },

    async deleteMany(keys) {
      for (const key of keys) {
        assertObjectKey(key);
      }
      await watch(() => removeFiles(layout, keys));
    },

    async deleteAll(prefix) {
      assertFolderPrefix(prefix);
      return watch(() => removeFiles(layout, keysOf(listFiles(root, prefix))));
    },

    /** Verifies the whole object once: libraries read the file without checking it. */
    async localPath(key) {
      assertObjectKey(key);
      await watch(async () => {
        const { stream } = await openFile(root, key);
        await finished(stream.resume());
      });
      return join(root, key);
    },

    scratch: () => watch(() => createScratchFolder(layout.scratch)),

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
