import { mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createFileStore, type FileStore } from '../../../src/storage/file-store.ts';

export const BYTES = Buffer.from('Lorem ipsum dolor sit amet');

/** Gone with the test. */
export async function createFolder(parent = tmpdir()): Promise<string> {
  const folder = await mkdtemp(join(parent, 'limelight-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export async function createStore(): Promise<{ store: FileStore; root: string }> {
  const root = await realpath(await createFolder());
  return { store: createFileStore({ root }), root };
}

/** Everything in the folder but the names that stand for objects and the folders that hold some. */
export async function litterOf(root: string): Promise<string[]> {
  const litter: string[] = [];
  const versions = new Set<string>();
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  for (const entry of entries.filter((entry) => entry.isSymbolicLink())) {
    versions.add(await realpath(join(entry.parentPath, entry.name)));
  }
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    const isHome = entry.isDirectory() && [...versions].some((version) => version.startsWith(`${path}/`));
    if (!entry.isSymbolicLink() && !versions.has(path) && !isHome && entry.name !== '.scratch') {
      litter.push(path);
    }
  }
  return litter;
}
