import { ERROR_CODES, type ErrorCode } from './contracts/error-codes.ts';

interface PipelineErrorOptions {
  cause?: unknown;
  /** Facts for programs and logs. Never a secret, never a URL with a query. */
  details?: Record<string, string | number | boolean>;
  /** How long the other side asked us to wait before the next attempt. */
  retryAfterMs?: number;
}

/** The only error class that adapters and activities throw on purpose. Match on `code`, never on `message`. */
export class PipelineError extends Error {
  override readonly name = 'PipelineError';
  readonly code: ErrorCode;
  readonly details: Record<string, string | number | boolean> | undefined;
  readonly retryAfterMs: number | undefined;

  /** @param message for people: what was expected, for which thing, what was received, and what to change. */
  constructor(code: ErrorCode, message: string, options: PipelineErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.details = options.details;
    this.retryAfterMs = options.retryAfterMs;
  }

  get status(): number {
    return ERROR_CODES[this.code].status;
  }

  get retryable(): boolean {
    return ERROR_CODES[this.code].retryable;
  }
}

/** Whether `error` is a `PipelineError` with this code, or with one of these codes. */
export function isFailure(error: unknown, ...codes: [ErrorCode, ...ErrorCode[]]): error is PipelineError {
  return error instanceof PipelineError && codes.includes(error.code);
}

/** Whether a record exists but cannot be used. That must not stop work on more than this one record. */
export function isUnreadableRecord(error: unknown): error is PipelineError {
  return isFailure(error, 'OBJECT_CORRUPT', 'RECORD_TOO_NEW');
}

/**
 * Swallows a failure on purpose: resolves to `undefined` if the promise rejects.
 * @param _reason why the failure does not matter. It is for readers of the call; nothing is logged.
 */
export async function ignoreFailure<T>(promise: Promise<T>, _reason: string): Promise<T | undefined> {
  try {
    return await promise;
  } catch {
    return undefined;
  }
}

/**
 * libvips reports a full disk only in words, without an error code. When several writes fail at the same time, some
 * messages lack even those words and begin with the failed write. A picture that could not be read comes first in its
 * message, so the pattern is anchored. Other disk failures match too, and their jobs wait for space as well.
 */
const DISK_FULL =
  /No space left on device|Disk quota exceeded|wbuffer_write: write failed|^\w+: unable to write to target/;

/** Whether a full disk or quota is the cause, whichever library reported it and however it was wrapped since. */
export function isDiskFull(error: unknown): boolean {
  if (!(error instanceof Error)) {
    return false;
  }
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT' || DISK_FULL.test(error.message) || isDiskFull(error.cause);
}

export function storageFull(cause: unknown): PipelineError {
  return new PipelineError(
    'STORAGE_FULL',
    'Expected free space in the object store, but its disk or quota is full. Free disk space, or shorten the retention',
    { cause },
  );
}

/** Codes that only a file system has. A child process passes on nothing but the message, which begins with the code. */
const DISK_FAILED = /^(EIO|EROFS|ENODEV|ENXIO|ESTALE)\b/;

/** Whether a disk fails or cannot be written, for another reason than its size. */
export function isDiskFailure(error: unknown): boolean {
  if (!(error instanceof Error)) {
    return false;
  }
  const { code = '' } = error as NodeJS.ErrnoException;
  return DISK_FAILED.test(code) || DISK_FAILED.test(error.message);
}

/** Resolves to undefined if the storage does not respond. */
export async function ignoreStorageOutage<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (!isFailure(error, 'STORAGE_UNAVAILABLE')) {
      throw error;
    }
  }
}

/** Resolves to undefined if a file or folder does not exist (any more). */
export async function ignoreMissing<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // ENOTDIR: something on the way to it is a file.
    if (code !== 'ENOENT' && code !== 'ENOTDIR') {
      throw error;
    }
  }
}
