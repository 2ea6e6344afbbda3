import { execFileSync } from 'node:child_process';
import { constants } from 'node:fs';
import { mkdir, mkdtemp, open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { ObjectStore } from '../../src/ports/object-store.ts';
import { createFileStore } from '../../src/storage/file/file-store.ts';
import { objectStoreSuite } from '../suites/object-store.ts';
import { litterOf } from './file-store/litter-of.ts';

const base = await mkdtemp(join(tmpdir(), 'limelight-'));
afterAll(() => rm(base, { recursive: true, force: true }));

describe('the port', () => {
  const suite: { store?: ObjectStore; root?: string } = {};
  objectStoreSuite(
    'files',
    (guard) => {
      suite.root = join(base, 'root');
      suite.store = createFileStore({ root: suite.root, guard });
      return suite.store;
    },
    { signsUrls: false },
  );

  it('leaves nothing behind after all of these tests', async () => {
    expect(await litterOf(suite.root!)).toEqual([]);
    expect(await suite.store!.deleteAll('suite/')).not.toHaveLength(0);
    expect(await readdir(suite.root!)).toEqual(['.scratch']);
  });
});

it('a call that never returns, as on a network drive whose server is gone, is an outage', async () => {
  const root = await mkdtemp(join(base, 'hangs-'));
  const store = createFileStore({ root, maxCallMs: 300 });
  await store.put('tier/task/object', Buffer.from('bytes'));
  const [version] = (await readdir(join(root, 'tier/task'))).filter((name) => name.startsWith('.'));
  const path = join(root, 'tier/task', version!);
  await rm(path);
  // Opening a pipe waits for a writer.
  execFileSync('mkfifo', [path]);

  for (const call of [() => store.read('tier/task/object'), () => store.localPath('tier/task/object')]) {
    await expect(call()).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
  }

  const writer = await open(path, constants.O_RDWR);
  await writer.close();
});

describe('a folder that is not there', () => {
  const KEY = 'uploads/task/image';

  async function takeAway(instead: 'nothing' | 'file' | 'empty folder') {
    const root = await mkdtemp(join(base, 'away-'));
    const store = createFileStore({ root });
    await store.put(KEY, Buffer.from('a photo'));
    await rename(root, `${root}-moved`);
    if (instead === 'file') await writeFile(root, '');
    if (instead === 'empty folder') await mkdir(root);
    return {
      store,
      bringBack: () => rm(root, { recursive: true, force: true }).then(() => rename(`${root}-moved`, root)),
    };
  }

  it.each(['nothing', 'file', 'empty folder'] as const)(
    'is an outage and no empty store, with %s in its place',
    async (instead) => {
      const { store, bringBack } = await takeAway(instead);
      const calls: Array<() => Promise<unknown>> = [
        () => store.read(KEY),
        () => store.open(KEY),
        () => store.stat(KEY),
        () => store.put(KEY, Buffer.from('another')),
        () => store.copy(KEY, 'uploads/task/copy'),
        () => store.delete(KEY),
        () => store.deleteMany([KEY]),
        () => store.deleteAll('uploads/'),
        () => store.localPath(KEY),
        () => store.scratch(),
        () => Array.fromAsync(store.list('')),
      ];
      for (const call of calls) {
        await expect(call(), String(call)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
      }
      await bringBack();
      expect((await store.read(KEY)).toString()).toBe('a photo');
    },
  );
});
