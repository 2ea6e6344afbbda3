import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { loadConfig } from '../../src/process/load-config.ts';
import { openStore } from '../../src/storage/open-store.ts';

/** A folder in which no store was opened yet, such as the mount point of a drive. */
async function emptyFolder(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'limelight-mount-point-'));
  onTestFinished(() => rm(root, { recursive: true }));
  return root;
}

const open = (root: string, mustExist: boolean) =>
  openStore(loadConfig({ STORAGE_ROOT: root, STORAGE_MUST_EXIST: String(mustExist) }).storage);

it('refuses to make a store where one must exist already, and makes nothing there', async () => {
  const root = await emptyFolder();

  expect(() => open(root, true)).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining('Mount its drive') }),
  );

  expect(await readdir(root)).toEqual([]);
});

it('opens a store that exists, even if it is empty', async () => {
  const root = await emptyFolder();
  open(root, false);

  using store = open(root, true);

  expect(await store.stat('videos/a/b')).toBeUndefined();
});
