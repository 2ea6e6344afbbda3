import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { createFileStore } from '../../src/storage/file-store.ts';
import { objectStoreSuite } from '../suites/object-store.ts';

let base: string;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'limelight-file-store-'));
});
afterAll(() => rm(base, { recursive: true, force: true }));

objectStoreSuite('files', () => createFileStore({ root: join(base, 'suite') }));
