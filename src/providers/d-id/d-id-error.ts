import { z } from 'zod';
import type { ErrorCode } from '../../contracts/error-codes.ts';
import { PipelineError } from '../../errors.ts';

const ErrorBody = z.looseObject({ kind: z.string(), description: z.string().default('') });

/** What undici says of a connection on which no request was sent. */
const NOT_SENT = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
]);
const DEFAULT_RETRY_AFTER_MS = 1_000;
const LONGEST_RETRY_AFTER_MS = 10 * 60_000;

export interface DIdAnswer {
  status: number;
  retryAfter?: string | string[] | undefined;
  text: string;
}

/** What an answer other than 2xx means for the job. `details` is for the workflow. */
export function toAnswerError(call: string, { status, retryAfter, text }: DIdAnswer): PipelineError {
  const { kind, description } = parseBody(text);
  const code = toCode(status);
  const said = `D-ID answered ${call} with ${status} ${kind}${description && `: ${description}`}`;
  const wait = retryAfter !== undefined && { retryAfterMs: parseRetryAfter(String(retryAfter)) };
  return new PipelineError(code, `${said}. ${ADVICE[code] ?? ''}`.trim(), {
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
  PROVIDER_TALK_MISSING: 'It may have been deleted there; submit the job again',
  PROVIDER_REFUSED: 'Use another photo or recording, or provider=local',
};

/** No answer, or half of one. `details.sent` is false where the request cannot have arrived. */
export function toConnectionError(call: string, cause: unknown): PipelineError {
  const code = findCode(cause);
  return new PipelineError(
    'PROVIDER_UNAVAILABLE',
    `D-ID does not answer ${call} (${code ?? 'the connection broke'})`,
    { cause, details: { kind: code ?? 'ConnectionError', sent: !(code && NOT_SENT.has(code)) } },
  );
}

/** A page of HTML with status 200 is a gateway's, and passes as an outage does. */
export function noJson(call: string, cause: unknown): PipelineError {
  return new PipelineError('PROVIDER_UNAVAILABLE', `D-ID answered ${call} with something that is no JSON`, {
    cause,
    details: { kind: 'NoJson', sent: true },
  });
}

export function unreadableAnswer(call: string, fault: string, cause: unknown): PipelineError {
  return new PipelineError(
    'PROVIDER_RESPONSE_INVALID',
    `Expected D-ID to answer ${call} as its specification says, but received ${fault}. This Limelight may be too old for it`,
    { cause, details: { kind: 'UnreadableAnswer', sent: true } },
  );
}

/** How a talk ended that has no video. */
export function toTalkError(status: 'error' | 'rejected', error: { kind: string; description?: string }) {
  const said = `${error.kind}${error.description ? `: ${withoutQueries(error.description)}` : ''}`;
  const details = { kind: error.kind };
  if (error.kind === 'FaceError') {
    return new PipelineError(
      'FACE_NOT_FOUND',
      `D-ID found no face to animate (${said}). Use a photo in which the face is seen from the front and is not covered.`,
      { details },
    );
  }
  return status === 'rejected'
    ? new PipelineError(
        'PROVIDER_REFUSED',
        `D-ID refused the talk (${said}). Use another photo or recording.`,
        {
          details,
        },
      )
    : new PipelineError(
        'PROVIDER_TALK_FAILED',
        `D-ID could not make the video (${said}). Submit the job again.`,
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
    // A gateway's page of HTML.
    return { kind: 'without a reason', description: '' };
  }
}

/** Presigned URLs carry their right in the query. */
function withoutQueries(text: string): string {
  return text.replaceAll(/\?\S*/g, (query) => (query.length > 1 ? '?…' : query)).slice(0, 300);
}

/** Seconds, or a date (RFC 9110, 10.2.3). */
function parseRetryAfter(text: string): number {
  const ms = /^\s*\d+(\.\d+)?\s*$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), LONGEST_RETRY_AFTER_MS) : DEFAULT_RETRY_AFTER_MS;
}

function findCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) {
    return undefined;
  }
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' ? code : findCode(error.cause);
}
