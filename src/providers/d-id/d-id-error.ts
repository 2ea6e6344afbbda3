import { z } from 'zod';
import { clamp } from '../../clamp.ts';
import type { ErrorCode } from '../../contracts/error-codes.ts';
import { PipelineError } from '../../errors.ts';

const ErrorBody = z.looseObject({ kind: z.string(), description: z.string().default('') });

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
  const { kind, description } = parseBody(text);
  const code = toCode(status);
  const found = `D-ID answered ${call} with ${status} ${kind}${description && `: ${description}`}`;
  const wait = retryAfter !== undefined && { retryAfterMs: parseRetryAfter(String(retryAfter)) };
  return new PipelineError(code, `${found}. ${ADVICE[code] ?? ''}`.trim(), {
    details: { kind, status, sent: true, ...wait },
    ...wait,
  });
}

function toCode(status: number): ErrorCode {
  switch (status) {
    case 401:
    case 403:
      return 'PROVIDER_UNAUTHORIZED';
    case 402:
      return 'PROVIDER_CREDITS_EXHAUSTED';
    case 404:
      return 'PROVIDER_TALK_MISSING';
    case 409:
      return 'PROVIDER_BUSY';
    case 408:
    case 425:
    case 429:
      return 'PROVIDER_UNAVAILABLE';
    default:
      return status >= 500 ? 'PROVIDER_UNAVAILABLE' : 'PROVIDER_REFUSED';
  }
}

const ADVICE: Partial<Record<ErrorCode, string>> = {
  PROVIDER_UNAUTHORIZED: 'Check D_ID_API_KEY and what its plan allows',
  PROVIDER_CREDITS_EXHAUSTED: 'Buy credits, or wait until the plan renews them',
  PROVIDER_TALK_MISSING: 'It may have been deleted there; submit the task again',
  PROVIDER_REFUSED: 'Use another photo or recording, or provider=local',
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

/** An HTML page with status 200 comes from a gateway, and is as temporary as an outage. */
export function noJson(call: string, cause: unknown): PipelineError {
  return new PipelineError('PROVIDER_UNAVAILABLE', `D-ID answered ${call} without JSON`, {
    cause,
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

/** The error for a talk that ended without a video. */
export function toTalkError(status: 'error' | 'rejected', error: { kind: string; description?: string }) {
  const reason = `${error.kind}${error.description ? `: ${withoutQueries(error.description)}` : ''}`;
  const details = { kind: error.kind };
  if (error.kind === 'FaceError') {
    return new PipelineError(
      'FACE_NOT_FOUND',
      `D-ID found no face to animate (${reason}). Use a photo that shows the face from the front and uncovered.`,
      { details },
    );
  }
  return status === 'rejected'
    ? new PipelineError(
        'PROVIDER_REFUSED',
        `D-ID refused the talk (${reason}). Use another photo or recording.`,
        {
          details,
        },
      )
    : new PipelineError(
        'PROVIDER_TALK_FAILED',
        `D-ID could not make the video (${reason}). Submit the task again.`,
        {
          details,
        },
      );
}

function parseBody(text: string): { kind: string; description: string } {
  try {
    const { kind, description } = ErrorBody.parse(JSON.parse(text));
    return { kind: kind.slice(0, 80), description: withoutQueries(description) };
  } catch {
    // The HTML page of a gateway.
    return { kind: 'without a reason', description: '' };
  }
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
