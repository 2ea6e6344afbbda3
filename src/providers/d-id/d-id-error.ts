import { z } from 'zod';
import { clamp } from '../../clamp.ts';
import type { ErrorCode } from '../../contracts/error-codes.ts';
import { isFailure, PipelineError } from '../../errors.ts';

/** D-ID's own errors. `details` has what is wrong by field, if the kind is ValidationError. */
const ErrorBody = z.looseObject({
  kind: z.string(),
  description: z.string().default(''),
  details: z.unknown().optional(),
});
/** Errors of the gateway in front of it. */
const GatewayBody = z.looseObject({ message: z.string() });
const FieldErrors = z.record(z.string(), z.looseObject({ message: z.string() }));

/** undici's error codes for connections on which no request was sent. */
const NOT_SENT = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
]);
const DEFAULT_RETRY_AFTER_MS = 1_000;
const MAX_RETRY_AFTER_MS = 10 * 60_000;

interface DIdAnswer {
  status: number;
  retryAfter?: string | string[] | undefined;
  text: string;
}

/** The error for an answer other than 2xx. Workflows read its `details`. */
export function toAnswerError(call: string, { status, retryAfter, text }: DIdAnswer): PipelineError {
  const reason = parseBody(text);
  const { kind, description } = reason;
  const code = toCode(call, status, reason);
  const told = [kind, description].filter(Boolean).join(': ');
  const found = `D-ID answered ${call} with ${status} ${told || 'without a reason'}`;
  const wait = retryAfter !== undefined && { retryAfterMs: parseRetryAfter(String(retryAfter)) };
  return new PipelineError(code, `${found}. ${ADVICE[code] ?? ''}`.trim(), {
    details: { kind, status, sent: true, ...wait },
    ...wait,
  });
}

/** Whether D-ID refused the order only because the plan of the account has no `config.stitch`. */
export function isWithoutStitch(error: unknown): boolean {
  return (
    isFailure(error, 'PROVIDER_UNAUTHORIZED') &&
    error.details?.kind === 'PermissionError' &&
    /stitch/i.test(error.message)
  );
}

/** Integrators got this for uploads that D-ID has deleted or cannot read. */
const UNREADABLE_UPLOAD = /cannot validate .*(corrupted|does not exist)/is;

function toCode(call: string, status: number, { kind, description }: Reason): ErrorCode {
  switch (status) {
    case 401:
    case 403:
      return 'PROVIDER_UNAUTHORIZED';
    case 402:
      return 'PROVIDER_CREDITS_EXHAUSTED';
    case 404:
      // The gateway knows no such path: this is not D-ID's API.
      return kind === '' && call === 'GET /credits' ? 'PROVIDER_RESPONSE_INVALID' : 'PROVIDER_TALK_MISSING';
    case 409:
      return 'PROVIDER_BUSY';
    case 408:
    case 425:
    case 429:
      return 'PROVIDER_UNAVAILABLE';
    default:
      if (status >= 500) {
        return 'PROVIDER_UNAVAILABLE';
      }
      if (kind === 'InvalidAudioDurationError') {
        return 'AUDIO_TOO_LONG';
      }
      return UNREADABLE_UPLOAD.test(description) ? 'PROVIDER_UPLOAD_MISSING' : 'PROVIDER_REFUSED';
  }
}

const ADVICE: Partial<Record<ErrorCode, string>> = {
  PROVIDER_UNAUTHORIZED: 'Check D_ID_API_KEY and what its plan allows',
  PROVIDER_CREDITS_EXHAUSTED: 'Buy credits, or wait until the plan renews them',
  PROVIDER_TALK_MISSING: 'It may have been deleted there; submit the task again',
  PROVIDER_REFUSED: 'Use another photo or recording, or provider=local',
  PROVIDER_UPLOAD_MISSING: 'Use another photo or recording, or provider=local',
  PROVIDER_RESPONSE_INVALID: 'Check D_ID_API_URL',
  AUDIO_TOO_LONG: 'Shorten the recording, or use provider=local',
};

/** No answer, or half of one. `details.sent` is false if the request cannot have arrived. */
export function toConnectionError(call: string, cause: unknown): PipelineError {
  const code = findCode(cause);
  return new PipelineError(
    'PROVIDER_UNAVAILABLE',
    `D-ID did not answer ${call} (${code ?? 'the connection broke'})`,
    { cause, details: { kind: code ?? 'ConnectionError', sent: !(code && NOT_SENT.has(code)) } },
  );
}

/**
 * An HTML page with status 200 comes from a gateway, and is as temporary as an outage. The parser's own error is left out:
 * it quotes the answer, which may contain the account's e-mail address.
 */
export function noJson(call: string): PipelineError {
  return new PipelineError('PROVIDER_UNAVAILABLE', `D-ID answered ${call} without JSON`, {
    details: { kind: 'NoJson', sent: true },
  });
}

export function unreadableAnswer(call: string, fault: string, cause: unknown): PipelineError {
  return new PipelineError(
    'PROVIDER_RESPONSE_INVALID',
    `Expected an answer to ${call} as in D-ID's specification, but received ${fault}. This version of Limelight may be too old`,
    { cause, details: { kind: 'UnreadableAnswer', sent: true } },
  );
}

/** The error for a talk that ended without a video. D-ID promises to refund talks that end in an error. */
export function toTalkError(
  status: 'error' | 'rejected',
  { kind, description = '' }: { kind: string; description?: string | undefined },
): PipelineError {
  const reason = [kind, withoutQueries(description)].filter(Boolean).join(': ');
  const details = { kind, isRefunded: status === 'error' };
  if (kind === 'FaceError') {
    return new PipelineError(
      'FACE_NOT_FOUND',
      `D-ID found no face to animate (${reason}). Use a photo that shows the face from the front and uncovered.`,
      { details },
    );
  }
  if (kind === 'SourceError') {
    return new PipelineError(
      'PROVIDER_REFUSED',
      `D-ID cannot use the photo (${reason}). Use another photo.`,
      {
        details,
      },
    );
  }
  if (status === 'rejected') {
    return new PipelineError(
      'PROVIDER_REFUSED',
      `D-ID refused the talk (${reason}). Use another photo or recording.`,
      { details },
    );
  }
  return new PipelineError(
    'PROVIDER_TALK_FAILED',
    `D-ID could not make the video (${reason}). Submit the task again.`,
    { details },
  );
}

interface Reason {
  /** Empty if the gateway answered. */
  kind: string;
  description: string;
}

function parseBody(text: string): Reason {
  const json = parseJson(text);
  const body = ErrorBody.safeParse(json);
  if (body.success) {
    const { kind, description, details } = body.data;
    const told = [description, ...toFieldErrors(details)].filter(Boolean).join('; ');
    return { kind: kind.slice(0, 80), description: withoutQueries(told) };
  }
  const gateway = GatewayBody.safeParse(json);
  return {
    kind: '',
    description: gateway.success ? withoutQueries(withoutHeader(gateway.data.message)) : '',
  };
}

/** `undefined` for the HTML page of a gateway. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function toFieldErrors(details: unknown): string[] {
  const fields = FieldErrors.safeParse(details);
  return fields.success
    ? Object.entries(fields.data).map(([field, { message }]) => `${field}: ${message}`)
    : [];
}

/** The gateway repeats an Authorization header that it does not understand, and with it the key. */
function withoutHeader(message: string): string {
  return /authorization header/i.test(message) ? 'it does not understand the Authorization header' : message;
}

/** The queries of presigned URLs give access. */
function withoutQueries(text: string): string {
  return text.replaceAll(/\?\S*/g, (query) => (query.length > 1 ? '?…' : query)).slice(0, 300);
}

/** Seconds, or a date (RFC 9110, 10.2.3). */
function parseRetryAfter(text: string): number {
  const ms = /^\s*\d+(\.\d+)?\s*$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(ms) ? clamp(ms, 0, MAX_RETRY_AFTER_MS) : DEFAULT_RETRY_AFTER_MS;
}

function findCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) {
    return undefined;
  }
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' ? code : findCode(error.cause);
}
