import { condition, defineSignal, isCancellation, setHandler } from '@temporalio/workflow';
import type { OutageChoice } from '../../contracts/job.ts';
import { type ProviderTerms, TALK_HINT_SIGNAL } from '../../contracts/provider-gate.ts';
import type { RemoteProviderFacts } from '../../contracts/schemas/job.ts';
import { refusal } from '../job-error.ts';
import { givenUp, retryAfterMsOf, toClock, troubleOf } from './outage.ts';
import type { RemoteCalls } from './remote-activities.ts';

interface AwaitedTalk {
  provider: RemoteProviderFacts;
  talkId: string;
  terms: ProviderTerms;
  onOutage: OutageChoice;
  calls: RemoteCalls;
  /** How long a talk of this length usually takes, if known. */
  usualMs: number | undefined;
  onProgress: (message: string, details?: Record<string, unknown>) => void;
}

/** The longer the talk takes, the less often it is polled: each poll adds about ten events to the history of the job. */
const POLLS = [
  { untilMs: 20_000, intervalMs: 1_000 },
  { untilMs: 2 * 60_000, intervalMs: 2_000 },
  { untilMs: 10 * 60_000, intervalMs: 10_000 },
  { untilMs: Number.POSITIVE_INFINITY, intervalMs: 30_000 },
];
/** Polls in addition to a webhook, which may get lost. `lateFrom` is a fraction of the usual time. */
const BACKSTOP = { intervalMs: 30_000, lateFrom: 1.25, minDelayMs: 5_000 };
/** Around the usual end polls are frequent again. All but `minIntervalMs` are fractions of the usual time. */
const USUAL_END = { from: 0.8, to: 1.5, interval: 0.01, minIntervalMs: 1_000 };
const MAX_RETRY_DELAY_MS = 60_000;
const PROGRESS_INTERVAL_MS = 10_000;
/** For jobs that do not wait while the provider is down. */
const MAX_FAILED_POLLS = 5;

interface FinishedTalk {
  /** Milliseconds. */
  tookMs: number;
  /** Messages for people about the video. */
  warnings: string[];
}

/**
 * Resolves once the video is ready. Rejects with the provider's error if the talk has
 * no video, and with PROVIDER_TIMEOUT.
 */
export async function waitForTalk(talk: AwaitedTalk): Promise<FinishedTalk> {
  const { talkId, terms, onOutage, calls, onProgress } = talk;
  const { label, talkTimeoutSetting } = talk.provider;
  const startedAt = Date.now();
  let isHinted = false;
  setHandler(defineSignal(TALK_HINT_SIGNAL), () => {
    isHinted = true;
  });
  let failures = 0;
  let retryAfterMs = 0;
  let reported = { status: '', atMs: 0 };
  for (;;) {
    const delayMs = Math.max(toDelayMs(talk, Date.now() - startedAt, failures), retryAfterMs);
    if (failures > 0) {
      const next = new Date(Date.now() + delayMs);
      onProgress(`${label} is not answering; next try at ${toClock(next)}`, {
        hold: 'outage',
        next_try_at: next.toISOString(),
      });
    }
    await condition(() => isHinted, delayMs, { summary: 'Until the next poll of the talk' });
    isHinted = false;
    retryAfterMs = 0;
    try {
      const { state, status, warnings = [] } = await calls.once.readTalk({ talkId });
      const elapsedMs = Date.now() - startedAt;
      if (state === 'done') {
        return { tookMs: elapsedMs, warnings };
      }
      if (
        status !== reported.status ||
        failures > 0 ||
        elapsedMs - reported.atMs >= PROGRESS_INTERVAL_MS * terms.timeScale
      ) {
        reported = { status, atMs: elapsedMs };
        onProgress(describeWait(label, status, elapsedMs, talk.usualMs), { provider_state: status });
      }
      failures = 0;
    } catch (error) {
      const trouble = isCancellation(error) ? undefined : troubleOf(error);
      if (!trouble) {
        throw error;
      }
      // A lost worker is no sign of an outage.
      failures += trouble === 'worker lost' ? 0 : 1;
      retryAfterMs = retryAfterMsOf(error);
      if (onOutage !== 'wait' && failures >= MAX_FAILED_POLLS) {
        throw givenUp(label, 'outage', onOutage);
      }
    }
    if (Date.now() - startedAt > terms.talkTimeoutMs) {
      throw refusal(
        'PROVIDER_TIMEOUT',
        `${label} did not finish the talk within ${Math.round(terms.talkTimeoutMs / 1000)} s. Submit the task again, or raise ${talkTimeoutSetting}.`,
      );
    }
  }
}

/** Milliseconds until the next poll, with a random part that spreads jobs that began together. */
function toDelayMs({ terms, usualMs }: AwaitedTalk, elapsedMs: number, failures: number): number {
  const { timeScale, hasWebhook } = terms;
  const elapsed = elapsedMs / timeScale;
  const usual = usualMs === undefined ? undefined : usualMs / timeScale;
  const delayMs =
    failures > 0
      ? Math.min(1_000 * 2 ** failures, MAX_RETRY_DELAY_MS)
      : hasWebhook
        ? toBackstopMs(elapsed, usual)
        : toPollMs(elapsed, usual);
  return Math.max(1, delayMs * timeScale * (0.9 + Math.random() / 5));
}

function toPollMs(elapsedMs: number, usualMs: number | undefined): number {
  const { from, to, interval, minIntervalMs } = USUAL_END;
  return usualMs !== undefined && elapsedMs > usualMs * from && elapsedMs < usualMs * to
    ? Math.max(usualMs * interval, minIntervalMs)
    : POLLS.find(({ untilMs }) => elapsedMs < untilMs)!.intervalMs;
}

function toBackstopMs(elapsedMs: number, usualMs: number | undefined): number {
  const { intervalMs, lateFrom, minDelayMs } = BACKSTOP;
  const lateInMs = usualMs === undefined ? intervalMs : usualMs * lateFrom - elapsedMs;
  return lateInMs > 0 ? Math.max(minDelayMs, Math.min(intervalMs, lateInMs)) : intervalMs;
}

function describeWait(label: string, status: string, elapsedMs: number, usualMs: number | undefined): string {
  const usually = usualMs === undefined ? '' : `, usually about ${toSeconds(usualMs)}`;
  return `${label} is making the video ("${status}"): ${toSeconds(elapsedMs)} so far${usually}`;
}

function toSeconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
