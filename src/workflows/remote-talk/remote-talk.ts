import { isCancellation } from '@temporalio/workflow';
import type { OutageChoice } from '../../contracts/job.ts';
import type { ProviderTerms } from '../../contracts/provider-gate.ts';
import type { ProviderUsage, RemoteProviderFacts, StoredObject } from '../../contracts/schemas/job.ts';
import type { RunningStage } from '../../contracts/stages.ts';
import { creditsFor } from './afford-talk.ts';
import { findLostTalk, orderTalk, uploadMedia } from './create-talk.ts';
import { type Leftovers, mayHaveTalk } from './leftovers.ts';
import { givenUp, retryAfterMsOf, toClock, troubleOf } from './outage.ts';
import { pause } from './pause.ts';
import { type Granted, type Held, ProviderGate } from './provider-gate.ts';
import { type RemoteCalls, remoteActivities } from './remote-activities.ts';
import { startTidyUp } from './tidy-up.ts';
import { waitForTalk } from './wait-for-talk.ts';

/** An order that is not sent within this time is not sent at all. Doubles with each order that comes too late. */
const FIRST_SEND_WINDOW_MS = 10_000;
const FIRST_RETRY_DELAY_MS = 1_000;
const MAX_RETRY_DELAY_MS = 30_000;
/** For jobs that do not wait while the provider is down. */
const MAX_ATTEMPTS = 3;

interface RemoteTalkRequest {
  portraitKey: string;
  voiceKey: string;
  videoKey: string;
  voiceS: number;
  onOutage: OutageChoice;
  terms: ProviderTerms;
  onProgress: (stage: RunningStage, message: string, details?: Record<string, unknown>) => void;
  /** Called once the talk exists, so that the cost is on record however the job ends. */
  onPaid: (usage: ProviderUsage) => void;
  /** Called each time an activity begins to wait for disk space. */
  onDiskFull: () => void;
}

/**
 * One job's talk at a remote provider. Creates it exactly once, holds while the provider is down, and is the only owner of
 * the record of what the job leaves there.
 */
export class RemoteTalk {
  readonly #provider: RemoteProviderFacts;
  readonly #requestId: string;
  #leftovers: Leftovers | undefined;
  #gate: ProviderGate | undefined;
  #sendWindowMs = FIRST_SEND_WINDOW_MS;
  /** Until then a lost worker may still order the talk. Milliseconds since 1970. */
  #mayBeSentUntil = 0;

  /** @param earlier what an earlier attempt of the job left at the provider. */
  constructor(provider: RemoteProviderFacts, requestId: string, earlier?: Leftovers) {
    this.#provider = provider;
    this.#requestId = requestId;
    this.#leftovers = earlier;
  }

  get leftovers(): Leftovers | undefined {
    return (
      this.#leftovers && { ...this.#leftovers, hasPlace: this.#gate?.hasPlace ?? this.#leftovers.hasPlace }
    );
  }

  /** Whether a talk may exist that is paid: a retry must take it up and never make a second one. */
  get mayExist(): boolean {
    return this.#leftovers !== undefined && mayHaveTalk(this.#leftovers);
  }

  async make(request: RemoteTalkRequest): Promise<{ video: StoredObject; durationS: number }> {
    const { voiceS, onOutage, terms, onProgress, onPaid, onDiskFull } = request;
    const { name, label } = this.#provider;
    this.#leftovers ??= {
      provider: this.#provider,
      requestId: this.#requestId,
      timeScale: terms.timeScale,
      mayHaveUnknownTalk: false,
      hasPlace: false,
      tidyUps: 0,
    };
    const calls = remoteActivities(this.#provider, terms.timeScale, onDiskFull);
    const gate = new ProviderGate(name, terms, this.#leftovers.hasPlace);
    this.#gate = gate;
    try {
      onProgress('DID_UPLOAD', `Handing portrait and voice to ${label}`);
      const { talkId, isNew, talkMsPerVoiceS } = await this.#takeOrCreate(request, calls, gate);
      onPaid({
        provider: name,
        talk_id: talkId,
        seconds: voiceS,
        credits: creditsFor(voiceS, this.#provider),
      });

      onProgress('DID_PROCESSING', `${label} is making the video`, { talk_id: talkId });
      const tookMs = await waitForTalk({
        provider: this.#provider,
        talkId,
        terms,
        onOutage,
        calls,
        usualMs: talkMsPerVoiceS === undefined ? undefined : talkMsPerVoiceS * voiceS,
        onProgress: (message, details) => onProgress('DID_PROCESSING', message, details),
      });
      const [{ video, durationS }] = await Promise.all([
        calls.many.downloadTalk({ talkId, videoKey: request.videoKey }),
        gate.leave(isNew ? tookMs / Math.max(voiceS, 1) : undefined),
      ]);
      return { video, durationS };
    } finally {
      // While the provider may work on the talk, its place is taken, however the job ends.
      if (!this.mayExist) {
        await gate.leave();
      }
    }
  }

  /** Has everything at the provider deleted in the background. Afterwards the job has nothing there. */
  async clear(): Promise<void> {
    const { leftovers } = this;
    if (leftovers) {
      await startTidyUp(leftovers);
      const { provider, requestId, timeScale, tidyUps } = leftovers;
      this.#gate = undefined;
      this.#leftovers = {
        provider,
        requestId,
        timeScale,
        mayHaveUnknownTalk: false,
        hasPlace: false,
        tidyUps: tidyUps + 1,
      };
    }
  }

  #keep(change: Partial<Leftovers>): Leftovers {
    this.#leftovers = { ...this.#leftovers!, ...change };
    return this.#leftovers;
  }

  /**
   * If it is unknown whether an order succeeded, its talk is searched for before the next order. Holds while the provider
   * is down.
   */
  async #takeOrCreate(request: RemoteTalkRequest, calls: RemoteCalls, gate: ProviderGate) {
    const earlier = this.#leftovers!.talkId;
    if (earlier) {
      return { talkId: earlier, isNew: false };
    }
    for (let failures = 0; ; ) {
      try {
        // Uploads need no place. But after a failure the job asks the breaker before anything else.
        const early = failures > 0 ? await this.#enter(request, gate) : undefined;
        const urls = await this.#upload(request, calls);
        const { talkMsPerVoiceS, isWatched } = early ?? (await this.#enter(request, gate));
        const talkId = (await this.#find(calls)) ?? (await this.#order(urls, calls));
        if (talkId) {
          this.#keep({ talkId, mayHaveUnknownTalk: false });
          if (isWatched) {
            await gate.report('created', true);
          }
          return { talkId, isNew: true, ...(talkMsPerVoiceS !== undefined && { talkMsPerVoiceS }) };
        }
      } catch (error) {
        failures += 1;
        await this.#holdAfter(error, failures, request, gate);
      }
    }
  }

  async #upload(request: RemoteTalkRequest, calls: RemoteCalls) {
    const { uploads, failure } = await uploadMedia(calls, request, this.#leftovers!);
    this.#keep(uploads);
    if (failure) {
      throw failure.reason;
    }
    return { portraitUrl: uploads.portrait!.url, voiceUrl: uploads.voice!.url };
  }

  async #find(calls: RemoteCalls): Promise<string | undefined> {
    if (!this.#leftovers!.mayHaveUnknownTalk) {
      return undefined;
    }
    const talkId = await findLostTalk(calls, this.#leftovers!, this.#mayBeSentUntil);
    if (!talkId) {
      this.#keep({ mayHaveUnknownTalk: false });
    }
    return talkId;
  }

  async #order(
    urls: { portraitUrl: string; voiceUrl: string },
    calls: RemoteCalls,
  ): Promise<string | undefined> {
    // Noted before the call: if the job is cancelled during it, the talk may exist.
    const { requestId } = this.#keep({
      mayHaveUnknownTalk: true,
      askedAt: this.#leftovers!.askedAt ?? new Date().toISOString(),
    });
    const outcome = await orderTalk(calls, { requestId, ...urls, sendWindowMs: this.#sendWindowMs });
    if (outcome.kind === 'created') {
      return outcome.talkId;
    }
    if (outcome.kind === 'too late') {
      this.#keep({ mayHaveUnknownTalk: false });
      this.#sendWindowMs *= 2;
      return undefined;
    }
    this.#keep({ mayHaveUnknownTalk: outcome.mayHaveTalk });
    this.#mayBeSentUntil = outcome.mayBeSentUntil ?? this.#mayBeSentUntil;
    throw outcome.error;
  }

  #enter({ onOutage, onProgress }: RemoteTalkRequest, gate: ProviderGate): Promise<Granted> {
    const { label } = this.#provider;
    return gate.enter((held) => {
      if (held.reason !== 'busy' && onOutage !== 'wait') {
        throw givenUp(label, held.reason, onOutage);
      }
      onProgress('DID_UPLOAD', ...describeHold(label, held));
    });
  }

  /** Waits until the next attempt is due. Rejects if there is none. */
  async #holdAfter(
    error: unknown,
    failures: number,
    { onOutage, onProgress }: RemoteTalkRequest,
    gate: ProviderGate,
  ): Promise<void> {
    const { label } = this.#provider;
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
    const spreadMs = maxDelayMs * this.#leftovers!.timeScale * (0.5 + Math.random() / 2);
    const delayMs = Math.max(spreadMs, retryAfterMsOf(error));
    // A lost worker is no sign of an outage: the job keeps its place.
    if (trouble !== 'worker lost') {
      await gate.report(reason, this.#leftovers!.mayHaveUnknownTalk);
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
