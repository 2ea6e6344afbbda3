import {
  ApplicationFailure,
  condition,
  defineSignal,
  isCancellation,
  setHandler,
} from '@temporalio/workflow';
import type { OutageChoice } from '../../contracts/job.ts';
import { type ProviderTerms, TALK_HINT_SIGNAL } from '../../contracts/provider-gate.ts';
import { givenUp, retryAfterMsOf, toClock, troubleOf } from './outage.ts';
import type { RemoteCalls } from './remote-activities.ts';

export interface AwaitedTalk {
  talkId: string;
  terms: ProviderTerms;
  onOutage: OutageChoice;
  calls: RemoteCalls;
  /** What a talk of this length usually takes, where it is known. */
  usualMs: number | undefined;
  tell: (message: string, details?: Record<string, unknown>) => void;
}

/** Often after the start, then less often the longer it takes. */
const POLLS = [
  { untilMs: 20_000, everyMs: 1_000 },
  { untilMs: 2 * 60_000, everyMs: 2_000 },
  { untilMs: 10 * 60_000, everyMs: 5_000 },
  { untilMs: Number.POSITIVE_INFINITY, everyMs: 15_000 },
];
/** With a webhook, in case that none comes: so often, and a while after the usual end, in fractions of the usual time. */
const BACKSTOP = { everyMs: 30_000, lateFrom: 1.25, leastMs: 5_000 };
/** Around the usual end every second counts again, in fractions of the usual time. */
const USUAL_END = { from: 0.8, to: 1.5, everyMs: 1_000 };
const LONGEST_FAILURE_PAUSE_MS = 60_000;
const TELL_EVERY_MS = 10_000;
/** Failed looks after which a job that is not to wait gives up. */
const PATIENCE = 5;

/**
 * Resolves when the video is there, with the milliseconds that it took. Rejects with what the provider says of a talk
 * without a video, and with PROVIDER_TIMEOUT.
 */
export async function waitForTalk(talk: AwaitedTalk): Promise<number> {
  const { talkId, terms, onOutage, calls, tell } = talk;
  const startedAt = Date.now();
  let hinted = false;
  setHandler(defineSignal(TALK_HINT_SIGNAL), () => {
    hinted = true;
  });
  let failures = 0;
  let retryAfterMs = 0;
  let told = { status: '', atMs: 0 };
  for (;;) {
    const pauseMs = Math.max(toPause(talk, Date.now() - startedAt, failures), retryAfterMs);
    if (failures > 0) {
      const next = new Date(Date.now() + pauseMs);
      tell(`D-ID is not answering; next try at ${toClock(next)}`, {
        hold: 'outage',
        next_try_at: next.toISOString(),
      });
    }
    await condition(() => hinted, pauseMs, { summary: 'Until the talk is looked at again' });
    hinted = false;
    retryAfterMs = 0;
    try {
      const { state, status } = await calls.once.readTalk({ talkId });
      const elapsedMs = Date.now() - startedAt;
      if (state === 'done') {
        return elapsedMs;
      }
      if (
        status !== told.status ||
        failures > 0 ||
        elapsedMs - told.atMs >= TELL_EVERY_MS * terms.timeScale
      ) {
        told = { status, atMs: elapsedMs };
        tell(describeWait(status, elapsedMs, talk.usualMs), { provider_state: status });
      }
      failures = 0;
    } catch (error) {
      const trouble = isCancellation(error) ? undefined : troubleOf(error);
      if (!trouble) {
        throw error;
      }
      // A lost worker is no word of the provider's.
      failures += trouble === 'worker lost' ? 0 : 1;
      retryAfterMs = retryAfterMsOf(error);
      if (onOutage !== 'wait' && failures >= PATIENCE) {
        throw givenUp('outage', onOutage);
      }
    }
    if (Date.now() - startedAt > terms.talkTimeoutMs) {
      throw ApplicationFailure.create({
        type: 'PROVIDER_TIMEOUT',
        nonRetryable: true,
        message: `D-ID did not finish the talk within ${Math.round(terms.talkTimeoutMs / 1000)} s. Submit the job again, or raise D_ID_TALK_TIMEOUT_S.`,
      });
    }
  }
}

/** Milliseconds to the next look, spread so that jobs that began together do not ask together. */
function toPause({ terms, usualMs }: AwaitedTalk, elapsedMs: number, failures: number): number {
  const { timeScale, hasWebhook } = terms;
  const elapsed = elapsedMs / timeScale;
  const usual = usualMs === undefined ? undefined : usualMs / timeScale;
  const pauseMs =
    failures > 0
      ? Math.min(1_000 * 2 ** failures, LONGEST_FAILURE_PAUSE_MS)
      : hasWebhook
        ? toBackstop(elapsed, usual)
        : toPoll(elapsed, usual);
  return Math.max(1, pauseMs * timeScale * (0.9 + Math.random() / 5));
}

function toPoll(elapsedMs: number, usualMs: number | undefined): number {
  const isDue =
    usualMs !== undefined && elapsedMs > usualMs * USUAL_END.from && elapsedMs < usualMs * USUAL_END.to;
  return (isDue ? USUAL_END : POLLS.find(({ untilMs }) => elapsedMs < untilMs)!).everyMs;
}

function toBackstop(elapsedMs: number, usualMs: number | undefined): number {
  const { everyMs, lateFrom, leastMs } = BACKSTOP;
  const lateInMs = usualMs === undefined ? everyMs : usualMs * lateFrom - elapsedMs;
  return lateInMs > 0 ? Math.max(leastMs, Math.min(everyMs, lateInMs)) : everyMs;
}

function describeWait(status: string, elapsedMs: number, usualMs: number | undefined): string {
  const usually = usualMs === undefined ? '' : `, usually about ${toSeconds(usualMs)}`;
  return `D-ID makes the video ("${status}"): ${toSeconds(elapsedMs)} so far${usually}`;
}

function toSeconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
