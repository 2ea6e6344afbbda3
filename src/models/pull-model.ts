import { copyFile, mkdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { PipelineError } from '../errors.ts';
import { hashFile } from '../hash-file.ts';
import {
  downloadResumable,
  isPrivateConnection,
  type ResumableDownload,
} from '../outbound/download-resumable.ts';
import type { CatalogueEntry } from './catalogue.ts';
import { type ManifestEntry, SHA256 } from './model-manifest.ts';
import type { ModelStore } from './model-store.ts';

export interface PullOptions
  extends Pick<ResumableDownload, 'onProgress' | 'signal' | 'stallMs' | 'retryDelayMs'> {
  entry: CatalogueEntry;
  store: ModelStore;
  /** SHA-256 from its publisher, in hex: required if neither the catalogue nor an earlier pull has one. */
  sha256?: string | undefined;
  /** Base URL that serves the catalogue's files under their own names, over https. Default: the entry's source. */
  mirror?: string | undefined;
  /** Folder with the same files, to copy instead of downloading. */
  from?: string | undefined;
  acceptLicense: boolean;
}

/**
 * Fetches a model and compares it with its SHA-256 before installing it.
 * @throws PipelineError INPUT_INVALID if the licence was not accepted, no hash is known or the mirror is not https;
 * MODEL_INVALID for a wrong size or hash;
 * MODEL_DOWNLOAD_FAILED; MODEL_MISSING; STORAGE_FULL
 */
export async function pullModel(options: PullOptions): Promise<ManifestEntry> {
  const { entry, store, acceptLicense } = options;
  assertLicenseAccepted(entry, acceptLicense);
  const expected = await findChecksum(options);
  const url = options.from === undefined ? urlOf(options) : undefined;
  const folder = join(store.dir, 'downloads');
  const partial = join(folder, `${entry.file}.partial`);
  await mkdir(folder, { recursive: true });
  await assertDiskSpace(entry, store.dir);
  await (url === undefined ? copyTo(partial, options) : downloadTo(partial, url, options));

  const { bytes, sha256 } = await hashFile(partial);
  if ((entry.bytes !== undefined && bytes !== entry.bytes) || sha256 !== expected) {
    await rm(partial, { force: true });
    throw new PipelineError(
      'MODEL_INVALID',
      `Expected ${entry.name} to have the sha256 ${expected}${entry.bytes === undefined ? '' : ` and ${entry.bytes} bytes`}, ` +
        `but received ${bytes} bytes with the sha256 ${sha256}: the download was deleted`,
      { details: { sha256, bytes } },
    );
  }
  const installed = { ...entry, bytes, sha256 };
  await store.install(installed, partial);
  return installed;
}

/** @throws PipelineError INPUT_INVALID if the licence must be accepted and was not */
export function assertLicenseAccepted(entry: CatalogueEntry, isAccepted: boolean): void {
  if (entry.must_accept && !isAccepted) {
    throw new PipelineError(
      'INPUT_INVALID',
      `${entry.name} is licensed under ${entry.license} (${entry.license_url ?? entry.page}), which also applies to ` +
        'services that use the model. Accept it with --accept-license, or choose a model with another licence',
    );
  }
}

async function findChecksum({ entry, store, sha256 }: PullOptions): Promise<string> {
  const given = sha256?.toLowerCase();
  if (given !== undefined && !SHA256.test(given)) {
    throw new PipelineError('INPUT_INVALID', 'Expected a SHA-256 of 64 hexadecimal digits for --sha256');
  }
  const pulled = (await store.list()).find(({ name }) => name === entry.name)?.sha256;
  const known = entry.sha256 ?? given ?? pulled;
  if (known === undefined) {
    throw new PipelineError(
      'INPUT_INVALID',
      `The catalogue has no checksum of ${entry.name}. Look up the SHA-256 that its publisher shows (${publisherOf(entry)}), and give it with --sha256`,
    );
  }
  if (given !== undefined && given !== known) {
    throw new PipelineError(
      'INPUT_INVALID',
      `Expected the sha256 ${known} of the catalogue for ${entry.name}, but received ${given}`,
    );
  }
  return known;
}

/** Hugging Face shows the hash of a file on its page. */
function publisherOf({ source, page }: CatalogueEntry): string {
  return source?.startsWith('https://huggingface.co/') ? source.replace('/resolve/', '/blob/') : page;
}

async function copyTo(path: string, { entry, from }: PullOptions): Promise<void> {
  await copyFile(join(from as string, entry.file), path).catch((cause: NodeJS.ErrnoException) => {
    throw new PipelineError(
      cause.code === 'ENOSPC' ? 'STORAGE_FULL' : 'MODEL_MISSING',
      `Cannot copy ${entry.file} from ${from}: ${cause.message}`,
      { cause },
    );
  });
}

function urlOf({ entry, mirror }: PullOptions): string {
  const url = mirror === undefined ? entry.source : `${mirror.replace(/\/$/, '')}/${entry.file}`;
  if (url === undefined) {
    throw new PipelineError(
      'MODEL_MISSING',
      `${entry.name} cannot be downloaded directly: get it as described at ${entry.page}, name it ${entry.file}, and pull it with --from`,
    );
  }
  if (!URL.canParse(url) || !isPrivateConnection(url)) {
    throw new PipelineError('INPUT_INVALID', 'Expected an https URL for --mirror. Use one, or --from');
  }
  return url;
}

async function downloadTo(path: string, url: string, { entry, ...options }: PullOptions): Promise<void> {
  // Queries may hold signatures.
  const shownUrl = url.replace(/\?.*/, '');
  await downloadResumable({
    ...options,
    url,
    path,
    bytes: entry.bytes,
    requireHttps: true,
    toError: (reason, cause) =>
      new PipelineError(
        'MODEL_DOWNLOAD_FAILED',
        `Cannot download ${shownUrl}: ${reason}. Try again, or get it from elsewhere with --mirror or --from`,
        { cause },
      ),
    toSizeError: (received) =>
      new PipelineError(
        'MODEL_INVALID',
        `Expected ${entry.bytes} bytes at ${shownUrl}, but the server has ${received}: it is a different file`,
      ),
  });
}

/** Fails before the first byte if the size is known and does not fit. */
async function assertDiskSpace({ name, bytes = 0 }: CatalogueEntry, dir: string): Promise<void> {
  const { bavail, bsize } = await statfs(dir);
  if (bytes > bavail * bsize) {
    throw new PipelineError(
      'STORAGE_FULL',
      `${name} needs ${Math.ceil(bytes / 1e6)} MB, but ${dir} has only ${Math.floor((bavail * bsize) / 1e6)} MB free`,
    );
  }
}
