import { randomBytes } from 'node:crypto';
import { lstat, readlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** One version of an object: the file that holds its bytes, and what that file's name says about them. */
export interface FileVersion {
  /** Beside the object's name: `.<name>.<nonce>.<bytes>.<sha256>`. */
  path: string;
  bytes: number;
  sha256: string;
  /** When it became the object: the time of the name, for an adopted file may be older. */
  modifiedAt: Date;
}

const VERSION_NAME =
  /^\.(?<name>[A-Za-z0-9_-][A-Za-z0-9._-]*)\.[0-9a-f]{12}\.(?<bytes>\d+)\.(?<sha256>[0-9a-f]{64})$/;

/** Unique even for equal bytes: else a version could be removed as the old one while it is the new one. */
export function createNonce(): string {
  return randomBytes(6).toString('hex');
}

export function toVersionName(name: string, { bytes, sha256 }: { bytes: number; sha256: string }): string {
  return `.${name}.${createNonce()}.${bytes}.${sha256}`;
}

/** The name of the object that a version belongs to, with what the version's name says. */
export function parseVersionName(
  versionName: string,
): { name: string; bytes: number; sha256: string } | undefined {
  const { name, bytes, sha256 } = VERSION_NAME.exec(versionName)?.groups ?? {};
  return name && bytes && sha256 ? { name, bytes: Number(bytes), sha256 } : undefined;
}

/**
 * The version that a name stands for. Nothing for a missing name and for one that the store did not make: a file put there
 * by hand has no checksum, and a link to anywhere else is not followed.
 */
export async function readVersion(path: string): Promise<FileVersion | undefined> {
  const target = await readTarget(path);
  return target === undefined ? undefined : describeVersion(path, target);
}

/** @param target of the name, as `readTarget` has it. Nothing where the name is gone meanwhile. */
export async function describeVersion(path: string, target: string): Promise<FileVersion | undefined> {
  const parsed = parseVersionName(target);
  const named = parsed && (await lstat(path).catch(ignoreMissing));
  if (!named) {
    return undefined;
  }
  const { bytes, sha256 } = parsed;
  return { path: join(dirname(path), target), bytes, sha256, modifiedAt: named.mtime };
}

/** The name of the version, beside it; nothing as with `readVersion`. */
export async function readTarget(path: string): Promise<string | undefined> {
  const target = await readlink(path).catch(ignoreMissing);
  return target !== undefined && parseVersionName(target)?.name === basename(path) ? target : undefined;
}

/** Missing: no such name, a file in the place of a folder, or (EINVAL) no link. */
function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR' && error.code !== 'EINVAL') {
    throw error;
  }
}
