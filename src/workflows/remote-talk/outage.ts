import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import type { ErrorCode } from '../../contracts/error-codes.ts';
import type { OutageChoice } from '../../contracts/job.ts';

/** Why a step at the provider failed, as far as it changes what the job does next. */
export type Trouble =
  /** Nothing happened there. */
  | 'outage'
  /** It may have happened. */
  | 'ambiguous'
  /** The same, and the worker that was on it may still be at it. */
  | 'worker lost'
  | 'credits';

/** `undefined` where trying again is no use. */
export function troubleOf(error: unknown): Trouble | undefined {
  if (error instanceof ActivityFailure && error.cause instanceof TimeoutFailure) {
    return 'worker lost';
  }
  switch (codeOf(error)) {
    case 'PROVIDER_UNAVAILABLE':
      return 'outage';
    case 'PROVIDER_AMBIGUOUS':
      return 'ambiguous';
    case 'PROVIDER_CREDITS_EXHAUSTED':
      return 'credits';
    default:
      return undefined;
  }
}

const OUTAGES: ReadonlySet<string> = new Set([
  'PROVIDER_UNAVAILABLE',
  'PROVIDER_AMBIGUOUS',
  'PROVIDER_CREDITS_EXHAUSTED',
  'PROVIDER_TIMEOUT',
] satisfies ErrorCode[]);

/** Whether the provider is to blame and not the job, so that another renderer may take it over. */
export function isOutage(error: unknown): boolean {
  return OUTAGES.has(codeOf(error) ?? '');
}

export function codeOf(error: unknown): string | undefined {
  const failure = error instanceof ActivityFailure ? error.cause : error;
  return failure instanceof ApplicationFailure ? (failure.type ?? undefined) : undefined;
}

/** Milliseconds that the provider asked to be left alone for. */
export function retryAfterMsOf(error: unknown): number {
  const failure = error instanceof ActivityFailure ? error.cause : error;
  // Temporal's own word for it, `nextRetryDelay`, does not come back to workflows.
  const details = failure instanceof ApplicationFailure ? failure.details?.[0] : undefined;
  return (details as { retryAfterMs?: number } | undefined)?.retryAfterMs ?? 0;
}

export function givenUp(reason: 'outage' | 'credits', onOutage: OutageChoice): ApplicationFailure {
  const type = reason === 'credits' ? 'PROVIDER_CREDITS_EXHAUSTED' : 'PROVIDER_UNAVAILABLE';
  const said = reason === 'credits' ? 'The D-ID account has too few credits' : 'D-ID is not answering';
  return ApplicationFailure.create({
    type,
    nonRetryable: true,
    message: `${said}, and the job was submitted with on_outage=${onOutage}. Submit it again later, or with on_outage=wait.`,
  });
}

/** "12:04:10", UTC. */
export function toClock(at: Date): string {
  return at.toISOString().slice(11, 19);
}
