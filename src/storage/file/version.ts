import { randomBytes } from 'node:crypto';
import { lstat, readlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ignoreMissing } from '../../errors.ts';

/** One version of an object: the file with its bytes, and the facts in that file's name. */
export interface FileVersion {
  /** Beside the object's name: `.<name>.<nonce>.<bytes>.<sha256>`. */
  path: string;
  bytes: number;
  sha256: string;
  /** When it became the object. Taken from the name, because an adopted file may be older. */
  modifiedAt: Date;
}

const VERSION_NAME =
  /^\.(?<name>[A-Za-z0-9_-][A-Za-z0-9._-]*)\.[0-9a-f]{12}\.(?<bytes>\d+)\.(?<sha256>[0-9a-f]{64})$/;

/** Distinguishes versions with equal bytes: otherwise a writer could remove the new one, taking it for the old one. */
export function createNonce(): string {
  return randomBytes(6).toString('hex');
}

export function toVersionName(name: string, { bytes, sha256 }: { bytes: number; sha256: string }): string {
  return `.${name}.${createNonce()}.${bytes}.${sha256}`;
}

/** The object's name, size and hash from the file name of a version. */
export function parseVersionName(
  versionName: string,
): { name: string; bytes: number; sha256: string } | undefined {
  const { name, bytes, sha256 } = VERSION_NAME.exec(versionName)?.groups ?? {};
  return name && bytes && sha256 ? { name, bytes: Number(bytes), sha256 } : undefined;
}

/**
 * The version that a name points to. Undefined if the name is missing or the store did not create it: a file that was
 * put there by hand has no checksum, and links to other places are never followed.
 */
export async function readVersion(path: string): Promise<FileVersion | undefined> {
  const target = await readTarget(path);
  return target === undefined ? undefined : describeVersion(path, target);
}

/** @param target from `readTarget`. @returns undefined if the name is gone by now */
export async function describeVersion(path: string, target: string): Promise<FileVersion | undefined> {
  const parsed = parseVersionName(target);
  const named = parsed && (await ignoreMissing(lstat(path)));
  if (!named) {
    return undefined;
  }
  const { bytes, sha256 } = parsed;
  return { path: join(dirname(path), target), bytes, sha256, modifiedAt: named.mtime };
}

/** The file name of the version beside the name; undefined as with `readVersion`. */
export async function readTarget(path: string): Promise<string | undefined> {
  const target = await ignoreMissing(readLink(path));
  return target !== undefined && parseVersionName(target)?.name === basename(path) ? target : undefined;
}

/** Undefined for anything but a link. */
async function readLink(path: string): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EINVAL') {
      return undefined;
    }
    throw error;
  }
}
