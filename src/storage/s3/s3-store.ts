/**
 * Stores objects in a bucket of S3 or of a compatible server. The hash is metadata of the object, written in the same
 * request as the bytes, so there is never one without the other. Workers share no disk: each keeps local copies of the
 * objects it reads, named by their hash.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { ObjectStore } from '../../ports/object-store.ts';
import { assertFolderPrefix, assertKeyPrefix, assertObjectKey } from '../object-key.ts';
import { receiveBody } from '../receive-body.ts';
import { createScratchFolder } from '../scratch-folder.ts';
import { copyLocally, createLocalCopies } from './local-copies.ts';
import { listObjects, openObject, statObject } from './read.ts';
import { removeObjects, sweepObjects } from './remove.ts';
import { openS3, type S3Settings, toStoreError } from './s3-access.ts';
import { copyObject, putObject } from './write.ts';

export interface S3StoreOptions extends S3Settings {
  /** Local folder for scratch files and copies. Created if missing. */
  folder: string;
  /** Maximum size of the copies. */
  maxLocalBytes: number;
}

export function createS3Store(options: S3StoreOptions): ObjectStore & Disposable {
  const access = openS3(options);
  const scratch = join(options.folder, '.scratch');
  mkdirSync(scratch, { recursive: true });
  const copies = createLocalCopies({
    folder: join(options.folder, 'copies'),
    maxBytes: options.maxLocalBytes,
  });

  return {
    async put(key, body, { ifAbsent, signal } = {}) {
      assertObjectKey(key);
      if (body instanceof Uint8Array) {
        const known = { bytes: body.byteLength, sha256: createHash('sha256').update(body).digest('hex') };
        await putObject(access, key, { source: body, ...known }, { ifAbsent, signal });
        return { key, ...known };
      }
      const path = join(scratch, `put-${randomUUID()}`);
      try {
        const { handle, ...known } = await receiveBody(path, body, signal);
        await handle.close();
        await putObject(access, key, { source: { path }, ...known }, { ifAbsent, signal });
        // The next stage will read it, and may run on this machine.
        await copies.adopt(known, path);
        return { key, ...known };
      } catch (error) {
        if (body instanceof Readable) {
          body.destroy();
        }
        throw toStoreError(error, access.bucket, key);
      } finally {
        await rm(path, { force: true });
      }
    },

    async putMany(objects) {
      const stored = await Promise.allSettled(objects.map(({ key, body }) => this.put(key, body)));
      return stored.map((result) => {
        if (result.status === 'rejected') throw result.reason;
        return result.value;
      });
    },

    async open(key, range) {
      assertObjectKey(key);
      return openObject(access, key, range);
    },

    async read(key) {
      assertObjectKey(key);
      const { stream } = await openObject(access, key);
      try {
        return await buffer(stream);
      } catch (error) {
        throw toStoreError(error, access.bucket, key);
      }
    },

    async stat(key) {
      assertObjectKey(key);
      const found = await statObject(access, key);
      if (found) {
        const { bytes, sha256, modifiedAt } = found;
        return { key, bytes, sha256, modifiedAt };
      }
    },

    async *list(prefix, { after } = {}) {
      assertKeyPrefix(prefix);
      yield* listObjects(access, prefix, after);
    },

    async copy(from, to) {
      assertObjectKey(from);
      assertObjectKey(to);
      return copyObject(access, from, to);
    },

    async delete(key) {
      assertObjectKey(key);
      await removeObjects(access, [key]);
    },

    async deleteMany(keys) {
      for (const key of keys) {
        assertObjectKey(key);
      }
      await removeObjects(access, keys);
    },

    async deleteAll(prefix) {
      assertFolderPrefix(prefix);
      const keys = await Array.fromAsync(listObjects(access, prefix, undefined), ({ key }) => key);
      await removeObjects(access, keys);
      return keys;
    },

    async localPath(key) {
      assertObjectKey(key);
      try {
        return await copyLocally(access, copies, key);
      } catch (error) {
        throw toStoreError(error, access.bucket, key);
      }
    },

    scratch: () => createScratchFolder(scratch),

    async signUrl(key, { expiresInMs }) {
      assertObjectKey(key);
      const command = new GetObjectCommand({ Bucket: access.bucket, Key: key });
      return getSignedUrl(access.client, command, { expiresIn: Math.ceil(expiresInMs / 1000) });
    },

    sweep: ({ olderThanMs }) => sweepObjects(access, scratch, olderThanMs),

    [Symbol.dispose]() {
      copies[Symbol.dispose]();
      access[Symbol.dispose]();
    },
  };
}
