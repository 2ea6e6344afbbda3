import { copyFile, mkdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { PipelineError } from '../errors.ts';
import type { ManifestEntry } from '../inference/runtime/model-manifest.ts';
import type { CatalogueEntry } from './catalogue.ts';
import { type DownloadOptions, download } from './download.ts';
import { hashFile } from './hash-file.ts';
import type { ModelStore } from './model-store.ts';

export interface PullOptions extends Pick<DownloadOptions, 'onProgress' | 'signal' | 'stallMs' | 'retryMs'> {
  entry: CatalogueEntry;
  store: ModelStore;
  /** A base address or a folder that holds the catalogue's files under their names; default: the entry's source. */
  mirror?: string | undefined;
  from?: string | undefined;
  acceptLicense: boolean;
}

/**
 * Fetches a model, checks it, and only then puts it where models are opened. Without a known hash the first download is
 * what the model is from then on.
 * @throws PipelineError INPUT_INVALID for a licence that was not accepted, MODEL_INVALID for other bytes than expected, and
 * what `download` throws.
 */
export async function pullModel(options: PullOptions): Promise<ManifestEntry> {
  const { entry, store, acceptLicense } = options;
  assertLicenseAccepted(entry, acceptLicense);
  const folder = join(store.dir, 'downloads');
  const partial = join(folder, `${entry.file}.partial`);
  await mkdir(folder, { recursive: true });
  await assertRoom(entry, store.dir);
  await fetchTo(partial, options);

  const pinned = (await store.list()).find(({ name }) => name === entry.name)?.sha256;
  const expected = entry.sha256 ?? pinned;
  const { bytes, sha256 } = await hashFile(partial);
  if (
    (entry.bytes !== undefined && bytes !== entry.bytes) ||
    (expected !== undefined && sha256 !== expected)
  ) {
    await rm(partial, { force: true });
    throw new PipelineError(
      'MODEL_INVALID',
      `Expected ${entry.name} to have the sha256 ${expected ?? 'of its first download'}${entry.bytes === undefined ? '' : ` and ${entry.bytes} bytes`}, ` +
        `but ${bytes} bytes with ${sha256} came: they were thrown away`,
      { details: { sha256, bytes } },
    );
  }
  const installed = { ...entry, bytes, sha256 };
  await store.install(installed, partial);
  return installed;
}

/** @throws PipelineError INPUT_INVALID where it must be and was not. */
export function assertLicenseAccepted(entry: CatalogueEntry, isAccepted: boolean): void {
  if (entry.must_accept && !isAccepted) {
    throw new PipelineError(
      'INPUT_INVALID',
      `${entry.name} is licensed under ${entry.license} (${entry.license_url ?? entry.page}), which also binds whoever ` +
        'offers a service with it. Accept it with --accept-license, or take a model of another licence',
    );
  }
}

async function fetchTo(path: string, { entry, mirror, from, ...options }: PullOptions): Promise<void> {
  if (from !== undefined) {
    await copyFile(join(from, entry.file), path).catch((cause: NodeJS.ErrnoException) => {
      throw new PipelineError(
        cause.code === 'ENOSPC' ? 'STORAGE_FULL' : 'MODEL_MISSING',
        `Expected ${entry.file} in ${from}, but it cannot be copied: ${cause.message}`,
        { cause },
      );
    });
    return;
  }
  const url = mirror === undefined ? entry.source : `${mirror.replace(/\/$/, '')}/${entry.file}`;
  if (url === undefined) {
    throw new PipelineError(
      'MODEL_MISSING',
      `${entry.name} has no address of its own: get it as ${entry.page} says, name it ${entry.file}, and pull it with --from`,
    );
  }
  await download({ ...options, url, path, bytes: entry.bytes });
}

/** Says so before the first byte, where the size is known. */
async function assertRoom({ name, bytes = 0 }: CatalogueEntry, dir: string): Promise<void> {
  const { bavail, bsize } = await statfs(dir);
  if (bytes > bavail * bsize) {
    throw new PipelineError(
      'STORAGE_FULL',
      `${name} needs ${Math.ceil(bytes / 1e6)} MB, but ${dir} has ${Math.floor((bavail * bsize) / 1e6)} MB left`,
    );
  }
}
