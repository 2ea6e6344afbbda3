import { mkdtemp, readdir, rm } from 'node:fs/promises';
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
    () => {
      suite.root = join(base, 'root');
      suite.store = createFileStore({ root: suite.root });
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
