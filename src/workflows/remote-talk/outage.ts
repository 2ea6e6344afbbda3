import type { ApplicationFailure } from '@temporalio/workflow';
import type { ErrorCode } from '../../contracts/error-codes.ts';
import type { OutageChoice } from '../../contracts/job.ts';
import { codeOf, isActivityTimeout, refusal, thrownFailureOf } from '../job-error.ts';

/** Why a call to the provider failed, in the terms that decide what the job does next. */
type Trouble =
  /** Nothing happened there. */
  | 'outage'
  /** It may have happened. */
  | 'ambiguous'
  /** It may have happened, and the lost worker may still do it. */
  | 'worker lost'
  | 'credits';

/** `undefined` if another attempt cannot help. */
export function troubleOf(error: unknown): Trouble | undefined {
  if (isActivityTimeout(error)) {
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
  'PROVIDER_RESULT_EXPIRED',
] satisfies ErrorCode[]);

/** Whether the provider failed and not the job, so that another renderer may take over. */
export function isOutage(error: unknown): boolean {
  return OUTAGES.has(codeOf(error) ?? '');
}

/** The facts that an activity put into its error. Temporal passes on nothing else of it, not even `nextRetryDelay`. */
export function factsOf(error: unknown): { retryAfterMs?: number; status?: number; isRefunded?: boolean } {
  const [facts] = thrownFailureOf(error)?.details ?? [];
  return (facts as ReturnType<typeof factsOf> | undefined) ?? {};
}

/** How long the provider asked to wait before the next request. */
export function retryAfterMsOf(error: unknown): number {
  return factsOf(error).retryAfterMs ?? 0;
}

/** The error of a job that does not wait for its provider. */
export function givenUp(
  label: string,
  reason: 'outage' | 'credits',
  onOutage: OutageChoice,
): ApplicationFailure {
  const type = reason === 'credits' ? 'PROVIDER_CREDITS_EXHAUSTED' : 'PROVIDER_UNAVAILABLE';
  const cause =
    reason === 'credits' ? `The ${label} account has too few credits` : `${label} is not answering`;
  return refusal(
    type,
    `${cause}, and the task was submitted with on_outage=${onOutage}. Submit it again later, or with on_outage=wait.`,
  );
}

/** Up to here an interval doubles; then it grows by a sixth. */
const DOUBLED_UNTIL_MS = 5 * 60_000;
const MAX_INTERVAL_MS = 2 * 60 * 60_000;

/**
 * The next interval between two attempts during an outage. The end of a long outage is noticed after a sixth of its length,
 * and a day of it is some 35 attempts, which fit into the history of one job.
 */
export function longerInterval(intervalMs: number, timeScale: number): number {
  const doubled = Math.min(intervalMs * 2, DOUBLED_UNTIL_MS * timeScale);
  return Math.ceil(Math.min(Math.max(doubled, (intervalMs * 7) / 6), MAX_INTERVAL_MS * timeScale));
}

/** "12:04:10", UTC. */
export function toClock(at: Date): string {
  return at.toISOString().slice(11, 19);
}
