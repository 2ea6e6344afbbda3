import type { ErrorAnswer } from './faults.ts';

interface EmulatorErrorOptions {
  /** For `ValidationError`: what is wrong, by field. */
  details?: unknown;
  retryAfterS?: number | undefined;
}

/** An answer other than 2xx. */
export class EmulatorError extends Error {
  override readonly name = 'EmulatorError';
  readonly status: number;
  readonly kind: string;
  readonly details: unknown;
  readonly retryAfterS: number | undefined;

  constructor(status: number, kind: string, description: string, options: EmulatorErrorOptions = {}) {
    super(description);
    this.status = status;
    this.kind = kind;
    this.details = options.details;
    this.retryAfterS = options.retryAfterS;
  }
}

/** What D-ID's gateway answers itself, as `{"message": …}`. Seen in forum posts: 403 and 504. */
const GATEWAY_MESSAGES: Record<number, string> = {
  429: 'Too Many Requests',
  502: 'Internal server error',
  503: 'Service Unavailable',
  504: 'Endpoint request timed out',
};
/** Seen in a forum post, with status 500. */
const UNKNOWN_ERROR = { kind: 'UnknownError', description: 'Internal Server Error' };

/** The JSON of an error, as D-ID or its gateway sends it. */
export function toErrorBody({ status, error, description, details }: ErrorAnswer): object {
  const message = GATEWAY_MESSAGES[status];
  if (message !== undefined) {
    return { message };
  }
  return {
    ...(error === undefined
      ? UNKNOWN_ERROR
      : { kind: error, description: description ?? 'a fault of the emulator' }),
    ...(details !== undefined && { details }),
  };
}
