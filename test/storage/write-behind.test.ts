import type { FileHandle } from 'node:fs/promises';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { WriteBehind } from '../../src/storage/write-behind.ts';
import { createFolder } from '../harness/storage/temporary-store.ts';

it('writes everything in order, whatever the sizes of the pieces', async () => {
  const path = join(await createFolder(), 'file');
  const pieces = [1, 300, 4096, 70_000, 5, 200_000].map((bytes, index) => Buffer.alloc(bytes, index + 1));
  await using handle = await open(path, 'wx');
  await using file = new WriteBehind(handle, 8192);

  for (const piece of pieces) await file.write(piece);
  await file.end();

  expect((await readFile(path)).equals(Buffer.concat(pieces))).toBe(true);
});

it('waits for writes in progress on disposal, so that the handle can be closed', async () => {
  const slow = Promise.withResolvers<void>();
  const steps: string[] = [];
  const handle = {
    async writev(pieces: Uint8Array[]) {
      steps.push('write begins');
      await slow.promise;
      steps.push('write ends');
      return { bytesWritten: pieces[0]!.byteLength, buffers: pieces };
    },
  } as unknown as FileHandle;
  const work = (async () => {
    await using file = new WriteBehind(handle, 1000);
    await file.write(Buffer.alloc(1000));
    throw new Error('The client left');
  })().catch((error: Error) => steps.push(error.message));

  await new Promise(setImmediate);
  expect(steps).toEqual(['write begins']);
  slow.resolve();
  await work;

  expect(steps).toEqual(['write begins', 'write ends', 'The client left']);
});
