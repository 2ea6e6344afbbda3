import { ERROR_CODES, type ErrorCode } from './contracts/error-codes.ts';

export interface PipelineErrorOptions {
  cause?: unknown;
  /** Facts for programs and logs. Never a secret, never a URL with a query. */
  details?: Record<string, string | number | boolean>;
  /** The far side's word on when to come back. */
  retryAfterMs?: number;
}

/** The only error class that adapters and activities throw on purpose. Match on `code`, never on `message`. */
export class PipelineError extends Error {
  override readonly name = 'PipelineError';
  readonly code: ErrorCode;
  readonly details: Record<string, string | number | boolean> | undefined;
  readonly retryAfterMs: number | undefined;

  /** @param message for a person: what was expected, for which thing, what came, and what to change. */
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

/**
 * libvips has no code for what the system said, only its words; and of several writes that fail at the same time some
 * have lost even those: then the failed write is the first thing they tell of. Where a picture could not be read, that
 * comes first, and the write that ended with it after it. A disk that fails otherwise is waited for too.
 */
const DISK_FULL =
  /No space left on device|Disk quota exceeded|wbuffer_write: write failed|^\w+: unable to write to target/;

/** A full disk or quota, from whichever library it came and whatever it was taken for since. */
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
    'Expected room on the disk of the object store, but the disk or the quota is full. Free space or shorten the retention',
    { cause },
  );
}
