import { type ApplicationFailure, isCancellation } from '@temporalio/workflow';
import type { OutageChoice } from '../../contracts/job.ts';
import type { RemoteProviderFacts } from '../../contracts/schemas/job.ts';
import type { RunningStage } from '../../contracts/stages.ts';
import { codeOf, refusal, toJobError } from '../job-error.ts';
import { findLostTalk, orderTalk, uploadMedia } from './create-talk.ts';
import { type Leftovers, toReplaced } from './leftovers.ts';
import { factsOf, givenUp, longerInterval, retryAfterMsOf, toClock, troubleOf } from './outage.ts';
import { pause } from './pause.ts';
import type { Granted, Held, ProviderGate } from './provider-gate.ts';
import type { RemoteCalls } from './remote-activities.ts';

/** An order that is not sent within this time is not sent at all. Doubles with each order that comes too late. */
const FIRST_SEND_WINDOW_MS = 10_000;
/** Between the clocks of Temporal and of a worker. */
const MAX_CLOCK_SKEW_MS = 1_000;
const FIRST_RETRY_DELAY_MS = 1_000;
/**
 * An order that fails adds some 35 events to the history of the job, which may have 51,200. At this delay a day of failures,
 * although other jobs succeed, adds some 14,000.
 */
const MAX_RETRY_DELAY_MS = 5 * 60_000;
/** For jobs that do not wait while the provider is down. */
const MAX_ATTEMPTS = 3;
/** Failures of one job at a provider that answers otherwise, over two minutes. */
const MAX_OWN_FAILURES = 8;

/** HTTP statuses. */
const CONFLICT = 409;
const SERVER_ERROR = 500;

export interface OrderRequest {
  portraitKey: string;
  voiceKey: string;
  onOutage: OutageChoice;
  onProgress: (stage: RunningStage, message: string, details?: Record<string, unknown>) => void;
}

/** The order's access to the leftovers, which `RemoteTalk` owns. */
interface LeftoversRecord {
  read(): Leftovers;
  keep(change: Partial<Leftovers>): Leftovers;
}

/** Gets the id of one job's talk: of an earlier attempt, of one that was lost, or of a new one. */
export class TalkOrder {
  readonly #provider: RemoteProviderFacts;
  readonly #request: OrderRequest;
  readonly #calls: RemoteCalls;
  readonly #gate: ProviderGate;
  readonly #leftovers: LeftoversRecord;
  #sendWindowMs = FIRST_SEND_WINDOW_MS;
  #mustUploadAgain = false;
  #hasUploadedAgain = false;
  #uploadError: unknown;
  #ownFailures = 0;
  /** When the last order failed. Milliseconds since 1970. */
  #failedAt: number | undefined;

  constructor(options: {
    provider: RemoteProviderFacts;
    request: OrderRequest;
    calls: RemoteCalls;
    gate: ProviderGate;
    leftovers: LeftoversRecord;
  }) {
    this.#provider = options.provider;
    this.#request = options.request;
    this.#calls = options.calls;
    this.#gate = options.gate;
    this.#leftovers = options.leftovers;
  }

  /**
   * If it is unknown whether an order succeeded, its talk is searched for before the next order. Holds while the provider
   * is down.
   */
  async takeOrCreate(): Promise<{ talkId: string; isNew: boolean; talkMsPerVoiceS?: number }> {
    const earlier = this.#leftovers.read().talkId;
    if (earlier) {
      return { talkId: earlier, isNew: false };
    }
    for (let failures = 0; ; ) {
      try {
        // Uploads need no place. But after a failure the job asks the breaker before anything else.
        const early = failures > 0 ? await this.#enter() : undefined;
        const urls = await this.#upload();
        const { talkMsPerVoiceS, isWatched } = early ?? (await this.#enter());
        const talkId = (await this.#find()) ?? (await this.#order(urls));
        if (talkId) {
          this.#leftovers.keep({ talkId, mayHaveUnknownTalk: false });
          if (isWatched) {
            await this.#gate.report('created', true);
          }
          return { talkId, isNew: true, ...(talkMsPerVoiceS !== undefined && { talkMsPerVoiceS }) };
        }
      } catch (error) {
        if (codeOf(error) === 'PROVIDER_UPLOAD_MISSING' && !this.#hasUploadedAgain) {
          // The provider may have deleted it early, or the retry comes late.
          this.#mustUploadAgain = true;
          this.#hasUploadedAgain = true;
        } else {
          failures += 1;
          await this.#holdAfter(error, failures);
        }
      }
    }
  }

  async #upload() {
    const before = this.#leftovers.read();
    const { uploads, failure } = await uploadMedia(this.#calls, this.#request, before, {
      again: this.#mustUploadAgain,
    });
    this.#leftovers.keep({ ...uploads, replaced: toReplaced(before, uploads) });
    if (failure) {
      this.#uploadError = failure.reason;
      throw failure.reason;
    }
    this.#mustUploadAgain = false;
    return { portraitUrl: uploads.portrait!.url, voiceUrl: uploads.voice!.url };
  }

  async #find(): Promise<string | undefined> {
    if (!this.#leftovers.read().mayHaveUnknownTalk) {
      return undefined;
    }
    const talkId = await findLostTalk(this.#calls, this.#leftovers.read(), this.#failedAt);
    if (!talkId) {
      this.#leftovers.keep({ mayHaveUnknownTalk: false });
    }
    return talkId;
  }

  async #order(urls: { portraitUrl: string; voiceUrl: string }): Promise<string | undefined> {
    const sendBefore = Date.now() + this.#sendWindowMs;
    // Noted before the call: if the job is cancelled during it, the talk may exist.
    const { requestId } = this.#leftovers.keep({
      mayHaveUnknownTalk: true,
      mayBeSentUntil: sendBefore + MAX_CLOCK_SKEW_MS,
      askedAt: this.#leftovers.read().askedAt ?? new Date().toISOString(),
    });
    const outcome = await orderTalk(this.#calls, { requestId, ...urls, sendBefore });
    if (outcome.kind === 'created') {
      this.#leftovers.keep({ warnings: outcome.warnings });
      return outcome.talkId;
    }
    if (outcome.kind === 'too late') {
      this.#leftovers.keep({ mayHaveUnknownTalk: false });
      this.#sendWindowMs *= 2;
      return undefined;
    }
    this.#leftovers.keep({
      mayHaveUnknownTalk: outcome.mayHaveTalk,
      ...(!outcome.isWorkerLost && { mayBeSentUntil: undefined }),
    });
    this.#failedAt = Date.now();
    throw outcome.error;
  }

  #enter(): Promise<Granted> {
    const { label } = this.#provider;
    const { onOutage, onProgress } = this.#request;
    return this.#gate.enter((held) => {
      if (held.reason !== 'busy' && onOutage !== 'wait') {
        throw givenUp(label, held.reason, onOutage);
      }
      onProgress('DID_UPLOAD', ...describeHold(label, held));
    });
  }

  /** Waits until the next attempt is due. Rejects if there is none. */
  async #holdAfter(error: unknown, failures: number): Promise<void> {
    const { label } = this.#provider;
    const { onOutage, onProgress } = this.#request;
    const trouble = isCancellation(error) ? undefined : troubleOf(error);
    if (!trouble) {
      throw error;
    }
    const reason = trouble === 'credits' ? 'credits' : 'outage';
    const isOwn = await this.#isOwnTrouble(error, reason);
    const isOver = onOutage !== 'wait' && failures >= MAX_ATTEMPTS;
    if (isOwn && reason === 'outage') {
      this.#ownFailures += 1;
      if (isOver || this.#ownFailures >= MAX_OWN_FAILURES) {
        throw givenUpAlone(label, error, this.#ownFailures);
      }
    } else if (isOver) {
      throw givenUp(label, reason, onOutage);
    }
    // The random part spreads jobs that failed together. If the breaker is open, it sets the time of the next attempt. But it
    // does not hold a job that costs more than the credits that are left.
    const maxDelayMs =
      isOwn && reason === 'credits'
        ? toPriceDelayMs(failures)
        : Math.min(FIRST_RETRY_DELAY_MS * 2 ** (failures - 1), MAX_RETRY_DELAY_MS);
    const spreadMs = maxDelayMs * this.#leftovers.read().timeScale * (0.5 + Math.random() / 2);
    const delayMs = Math.max(spreadMs, retryAfterMsOf(error));
    // A lost worker is no sign of an outage: the job keeps its place.
    if (trouble !== 'worker lost') {
      const { mayHaveUnknownTalk } = this.#leftovers.read();
      if (!isOwn) {
        await this.#gate.report(reason, mayHaveUnknownTalk);
      } else if (!mayHaveUnknownTalk) {
        await this.#gate.leave();
      }
      const until = new Date(Date.now() + delayMs).toISOString();
      onProgress('DID_UPLOAD', ...(isOwn ? describeOwn : describeHold)(label, { reason, until }));
    }
    await pause(delayMs, 'Until the next order of the talk');
  }

  /**
   * Whether only this job is affected, so that the others must not be held: the provider fails to take its file, reports a
   * conflict, or asks for more credits than are left. A provider that is down answers nothing else either.
   */
  async #isOwnTrouble(error: unknown, reason: 'outage' | 'credits'): Promise<boolean> {
    const { status = 0 } = factsOf(error);
    const isSuspect =
      reason === 'credits' || status === CONFLICT || (error === this.#uploadError && status >= SERVER_ERROR);
    if (!isSuspect) {
      return false;
    }
    const { credits } = await this.#calls.many.checkProvider();
    return credits !== undefined && (reason === 'outage' || credits.remaining > 0);
  }
}

function toPriceDelayMs(failures: number): number {
  return failures > 1 ? longerInterval(toPriceDelayMs(failures - 1), 1) : FIRST_RETRY_DELAY_MS;
}

function givenUpAlone(label: string, error: unknown, times: number): ApplicationFailure {
  return refusal(
    'PROVIDER_UNAVAILABLE',
    `${toJobError(error).message} It failed ${times} times, although ${label} answers otherwise. Use another photo or recording, or try again later.`,
    error as Error,
  );
}

/** The hold of a job that does not hold the others. */
function describeOwn(
  label: string,
  { reason, until }: { reason: 'outage' | 'credits'; until: string },
): Described {
  const message = {
    outage: `${label} fails to process this task, although it answers otherwise`,
    credits: `The ${label} account has too few credits for this video`,
  }[reason];
  return [`${message}; next try at ${toClock(new Date(until))}`, { hold: reason, next_try_at: until }];
}

type Described = [message: string, details: Record<string, unknown>];

function describeHold(label: string, { reason, until }: Omit<Held, 'kind'>): Described {
  const message = {
    outage: `${label} is not answering`,
    credits: `The ${label} account has no credits left`,
    busy: `Waiting for a place: ${label} works on as many talks as the settings allow`,
  }[reason];
  const next = until ? `; next try at ${toClock(new Date(until))}` : '';
  return [`${message}${next}`, { hold: reason, ...(until && { next_try_at: until }) }];
}
