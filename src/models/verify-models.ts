import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ignoreFailure, PipelineError } from '../errors.ts';
import { hashFile } from '../hash-file.ts';
import { SHA256 } from './model-manifest.ts';

/** A file with its size, its times in ms and its inode, as it was when it was hashed. */
const Hashed = z.object({ of: z.string(), sha256: z.string() });
const Remembered = z.record(z.string(), Hashed);

/**
 * Compares model files with the SHA-256 of their manifests, before they are loaded. Models without one, which can only be
 * your own, pass. A file is hashed once: the result is remembered in `cacheDir` until the file changes, because a gigabyte
 * takes a second.
 * @throws PipelineError MODEL_INVALID for a file that differs
 */
export async function verifyModels(
  models: ReadonlyArray<{ path: string; digest?: string }>,
  cacheDir: string,
  hash: (path: string) => Promise<{ sha256: string }> = hashFile,
): Promise<void> {
  const memory = join(cacheDir, 'verified.json');
  const remembered = await readMemory(memory);
  let isNew = false;
  const known = new Map(
    models.flatMap(({ path, digest = '' }) => (SHA256.test(digest) ? [[path, digest]] : [])),
  );
  for (const [path, digest] of known) {
    const { size, mtimeMs, ctimeMs, ino } = await stat(path);
    const of = [size, mtimeMs, ctimeMs, ino].join(' ');
    const last = remembered[path];
    const sha256 = last?.of === of ? last.sha256 : (await hash(path)).sha256;
    if (sha256 !== digest) {
      throw new PipelineError(
        'MODEL_INVALID',
        `${path} differs from its manifest: expected the sha256 ${digest}, but it is ${sha256}. Download the model again`,
        { details: { path, sha256 } },
      );
    }
    isNew ||= last?.of !== of;
    remembered[path] = { of, sha256 };
  }
  if (isNew) {
    await ignoreFailure(writeMemory(memory, cacheDir, remembered), 'without it they are hashed again');
  }
}

async function readMemory(path: string): Promise<z.infer<typeof Remembered>> {
  const text = await ignoreFailure(readFile(path, 'utf8'), 'nothing was hashed yet');
  try {
    return Remembered.parse(JSON.parse(text ?? '{}'));
  } catch {
    return {};
  }
}

/** Several processes may write it: the last one wins, and files that only the others had hashed are hashed again. */
async function writeMemory(path: string, cacheDir: string, remembered: object): Promise<void> {
  await mkdir(cacheDir, { recursive: true });
  const partial = `${path}.${process.pid}`;
  await writeFile(partial, `${JSON.stringify(remembered, null, 2)}\n`);
  await rename(partial, path);
}
