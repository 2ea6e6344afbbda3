import { copyFile, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { hashFile } from '../../src/hash-file.ts';
import { createMattingPool } from '../../src/inference/pools.ts';
import { verifyModels } from '../../src/models/verify-models.ts';
import { loadConfig } from '../../src/process/load-config.ts';
import { createLogger } from '../../src/telemetry/logger.ts';

const MODELS = join(import.meta.dirname, '../../models');

let folder: string;
let path: string;
let digest: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'verify-models-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  path = join(folder, 'matting.onnx');
  await copyFile(join(MODELS, 'matting.onnx'), path);
  digest = (await hashFile(path)).sha256;
});

async function changeOneByte(): Promise<void> {
  const bytes = await readFile(path);
  bytes[1000]! ^= 1;
  await writeFile(path, bytes);
}

describe('a model', () => {
  it('is hashed once, until its file changes, also if size and time stay the same', async () => {
    const hash = vi.fn(hashFile);
    const verify = () => verifyModels([{ path, digest }], folder, hash);
    await verify();
    await verify();
    expect(hash).toHaveBeenCalledTimes(1);

    const { atime, mtime } = await stat(path);
    await changeOneByte();
    await utimes(path, atime, mtime);

    await expect(verify()).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringContaining(digest),
    });
  });

  it('is hashed even if the result cannot be kept', async () => {
    const nowhere = join(path, 'cache');
    await verifyModels([{ path, digest }], nowhere);
    await changeOneByte();
    await expect(verifyModels([{ path, digest }], nowhere)).rejects.toMatchObject({ code: 'MODEL_INVALID' });
  });

  it('passes if its manifest has no checksum', async () => {
    await verifyModels([{ path, digest: '3508287' }, { path }], folder);
  });

  it('is never loaded with one wrong byte', async () => {
    const manifest = JSON.parse(await readFile(join(MODELS, 'manifest.json'), 'utf8'));
    const entry = manifest.find(({ file }: { file: string }) => file === 'matting.onnx');
    await writeFile(join(folder, 'manifest.json'), JSON.stringify([entry]));
    await changeOneByte();
    const config = loadConfig({ MODELS_DIR: folder, MODELS_CACHE_DIR: folder, STORAGE_ROOT: folder });

    const pool = createMattingPool(config, createLogger('test', { level: 'silent' }));

    await expect(pool).rejects.toMatchObject({ code: 'MODEL_INVALID' });
  });
});
