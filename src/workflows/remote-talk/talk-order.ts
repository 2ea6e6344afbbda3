import { isCancellation } from '@temporalio/workflow';
import type { OutageChoice } from '../../contracts/job.ts';
import type { RemoteProviderFacts } from '../../contracts/schemas/job.ts';
import type { RunningStage } from '../../contracts/stages.ts';
import { findLostTalk, orderTalk, uploadMedia } from './create-talk.ts';
import type { Leftovers } from './leftovers.ts';
import { givenUp, retryAfterMsOf, toClock, troubleOf } from './outage.ts';
import { pause } from './pause.ts';
import type { Granted, Held, ProviderGate } from './provider-gate.ts';
import type { RemoteCalls } from './remote-activities.ts';

/** An order that is not sent within this time is not sent at all. Doubles with each order that comes too late. */
const FIRST_SEND_WINDOW_MS = 10_000;
const FIRST_RETRY_DELAY_MS = 1_000;
const MAX_RETRY_DELAY_MS = 30_000;
/** For jobs that do not wait while the provider is down. */
const MAX_ATTEMPTS = 3;

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
  /** Until then a lost worker may still order the talk. Milliseconds since 1970. */
  #mayBeSentUntil = 0;

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
        failures += 1;
        await this.#holdAfter(error, failures);
      }
    }
  }

  async #upload() {
    const { uploads, failure } = await uploadMedia(this.#calls, this.#request, this.#leftovers.read());
    this.#leftovers.keep(uploads);
    if (failure) {
      throw failure.reason;
    }
    return { portraitUrl: uploads.portrait!.url, voiceUrl: uploads.voice!.url };
  }

  async #find(): Promise<string | undefined> {
    if (!this.#leftovers.read().mayHaveUnknownTalk) {
      return undefined;
    }
    const talkId = await findLostTalk(this.#calls, this.#leftovers.read(), this.#mayBeSentUntil);
    if (!talkId) {
      this.#leftovers.keep({ mayHaveUnknownTalk: false });
    }
    return talkId;
  }

  async #order(urls: { portraitUrl: string; voiceUrl: string }): Promise<string | undefined> {
    // Noted before the call: if the job is cancelled during it, the talk may exist.
    const { requestId } = this.#leftovers.keep({
      mayHaveUnknownTalk: true,
      askedAt: this.#leftovers.read().askedAt ?? new Date().toISOString(),
    });
    const outcome = await orderTalk(this.#calls, { requestId, ...urls, sendWindowMs: this.#sendWindowMs });
    if (outcome.kind === 'created') {
      return outcome.talkId;
    }
    if (outcome.kind === 'too late') {
      this.#leftovers.keep({ mayHaveUnknownTalk: false });
      this.#sendWindowMs *= 2;
      return undefined;
    }
    this.#leftovers.keep({ mayHaveUnknownTalk: outcome.mayHaveTalk });
    this.#mayBeSentUntil = outcome.mayBeSentUntil ?? this.#mayBeSentUntil;
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
    if (onOutage !== 'wait' && failures >= MAX_ATTEMPTS) {
      throw givenUp(label, reason, onOutage);
    }
    // The random part spreads jobs that failed together. If the breaker is open, it sets the time of the next attempt.
    const maxDelayMs = Math.min(FIRST_RETRY_DELAY_MS * 2 ** (failures - 1), MAX_RETRY_DELAY_MS);
    const spreadMs = maxDelayMs * this.#leftovers.read().timeScale * (0.5 + Math.random() / 2);
    const delayMs = Math.max(spreadMs, retryAfterMsOf(error));
    // A lost worker is no sign of an outage: the job keeps its place.
    if (trouble !== 'worker lost') {
      await this.#gate.report(reason, this.#leftovers.read().mayHaveUnknownTalk);
      const until = new Date(Date.now() + delayMs).toISOString();
      onProgress('DID_UPLOAD', ...describeHold(label, { reason, until }));
    }
    await pause(delayMs, 'Until the next order of the talk');
  }
}

function describeHold(
  label: string,
  { reason, until }: Omit<Held, 'kind'>,
): [message: string, details: Record<string, unknown>] {
  const message = {
    outage: `${label} is not answering`,
    credits: `The ${label} account has no credits left`,
    busy: `Waiting for a place: ${label} works on as many talks as the settings allow`,
  }[reason];
  const next = until ? `; next try at ${toClock(new Date(until))}` : '';
  return [`${message}${next}`, { hold: reason, ...(until && { next_try_at: until }) }];
}
