import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { ObjectStore } from '../../../src/ports/object-store.ts';
import { createFileStore } from '../../../src/storage/file/file-store.ts';

export const BYTES = Buffer.from('Lorem ipsum dolor sit amet');

/** Removed after the test. */
export async function createFolder(parent = tmpdir()): Promise<string> {
  const folder = await mkdtemp(join(parent, 'limelight-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export async function createStore(): Promise<{ store: ObjectStore; root: string }> {
  const root = await realpath(await createFolder());
  return { store: createFileStore({ root }), root };
}
