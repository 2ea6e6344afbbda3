import { PipelineError } from '../errors.ts';

/** The file system itself fails: a network drive is not connected, a disk is unplugged, permissions were changed. */
const AWAY = new Set([
  'EACCES',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'EIO',
  'ENODEV',
  'ENOTCONN',
  'ENXIO',
  'EPERM',
  'EROFS',
  'ESTALE',
  'ETIMEDOUT',
]);

/** Whether a call of the file system failed because of the file system. */
export function isFolderOutage(error: unknown): boolean {
  return AWAY.has((error as NodeJS.ErrnoException | undefined)?.code ?? '');
}

export function folderUnavailable(folder: string, cause?: unknown): PipelineError {
  return new PipelineError(
    'STORAGE_UNAVAILABLE',
    `Expected the storage folder ${folder} to be there and usable, but it is not. Mount it, or correct its permissions`,
    { cause },
  );
}
