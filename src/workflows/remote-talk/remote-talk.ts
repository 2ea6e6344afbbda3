/**
 * A talk at a remote provider, paid once. The words of this folder:
 *
 * - talk: one video that a provider makes of a portrait and a voice. It is paid once it is ordered.
 * - place: the right to have one talk in progress at the provider. There are as many as its terms allow.
 * - lease: a place that the breaker has given to a job. It expires, so a job that is lost frees its place.
 * - breaker: the workflow, one for each provider, that gives out places and stops all orders during an outage.
 * - circuit: whether the breaker holds orders because they fail, and which job tries next.
 * - line: the jobs that wait for a place, in order. The breaker sends each the reason.
 * - gate: a job's side of the breaker. It asks for a place, holds it and gives it back.
 * - hold: the wait of a job before it may order: the provider is down, the credits are used up, or all places are taken.
 * - leftovers: the record of what a job has at the provider, from which a tidy-up deletes it or a retry takes it up.
 */

import type { ProviderTerms } from '../../contracts/provider-gate.ts';
import type { ProviderUsage, RemoteProviderFacts } from '../../contracts/schemas/job.ts';
import type { StorageWait } from '../storage-wait.ts';
import { fetchVideo } from './fetch-video.ts';
import { type FetchedVideo, type Leftovers, mayHaveTalk, toFetchedVideo, toUsage } from './leftovers.ts';
import { factsOf, toClock } from './outage.ts';
import { ProviderGate } from './provider-gate.ts';
import { remoteActivities } from './remote-activities.ts';
import { type OrderRequest, TalkOrder } from './talk-order.ts';
import { startTidyUp } from './tidy-up.ts';
import { waitForTalk } from './wait-for-talk.ts';

interface RemoteTalkRequest extends OrderRequest {
  videoKey: string;
  voiceS: number;
  terms: ProviderTerms;
  /**
   * Called once the talk exists, so that the cost is on record however the job ends. Called again if the talk fails and is
   * to be refunded.
   */
  onPaid: (usage: ProviderUsage) => void;
  /** Called each time an activity begins to wait for the storage. */
  onStorageWait: (what: StorageWait) => void;
}

/**
 * One job's talk at a remote provider. Creates it exactly once, holds while the provider is down, and is the only owner of
 * the record of what the job leaves there.
 */
export class RemoteTalk {
  readonly #provider: RemoteProviderFacts;
  readonly #requestId: string;
  readonly #attempt: number;
  #leftovers: Leftovers | undefined;
  #gate: ProviderGate | undefined;

  /**
   * @param attempt of the job, from 1.
   * @param earlier what an earlier attempt of the job left at the provider.
   */
  constructor(provider: RemoteProviderFacts, requestId: string, attempt: number, earlier?: Leftovers) {
    this.#provider = provider;
    this.#requestId = requestId;
    this.#attempt = attempt;
    this.#leftovers = earlier && { ...earlier, attempt };
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

  /** Whether the video of the talk is in our own store, where a retry finds it. */
  get isFetched(): boolean {
    return this.#leftovers?.fetched !== undefined;
  }

  async make(request: RemoteTalkRequest): Promise<FetchedVideo> {
    const { voiceS, onOutage, terms, onProgress, onPaid, onStorageWait, videoKey } = request;
    const { name, label } = this.#provider;
    this.#leftovers ??= {
      provider: this.#provider,
      requestId: this.#requestId,
      timeScale: terms.timeScale,
      voiceS,
      mayHaveUnknownTalk: false,
      hasPlace: false,
      attempt: this.#attempt,
    };
    const calls = remoteActivities(this.#provider, terms.timeScale, onStorageWait);
    const gate = new ProviderGate(name, terms, this.#leftovers.hasPlace);
    this.#gate = gate;
    try {
      onProgress('DID_UPLOAD', `Handing portrait and voice to ${label}`);
      const { talkId, isNew, talkMsPerVoiceS } = await new TalkOrder({
        provider: this.#provider,
        request,
        calls,
        gate,
        leftovers: { read: () => this.#leftovers!, keep: (change) => this.#keep(change) },
      }).takeOrCreate();
      const usage = toUsage(this.#leftovers, talkId);
      onPaid(usage);
      const { fetched } = this.#leftovers;
      if (fetched) {
        await gate.leave();
        return fetched;
      }

      onProgress('DID_PROCESSING', `${label} is making the video`, { talk_id: talkId });
      const awaited = waitForTalk({
        provider: this.#provider,
        talkId,
        terms,
        onOutage,
        calls,
        usualMs: talkMsPerVoiceS === undefined ? undefined : talkMsPerVoiceS * voiceS,
        onProgress: (message, details) => onProgress('DID_PROCESSING', message, details),
      });
      const talk = await awaited.catch((error) => {
        if (factsOf(error).isRefunded) {
          onPaid({ ...usage, refund_expected: true });
        }
        throw error;
      });
      const [video] = await Promise.all([
        fetchVideo({
          calls,
          timeScale: terms.timeScale,
          talkId,
          videoKey,
          onOutage(error, nextTryAt) {
            if (onOutage !== 'wait') {
              throw error;
            }
            onProgress(
              'DID_PROCESSING',
              `${label} made the video, but it cannot be downloaded; next try at ${toClock(nextTryAt)}`,
              { hold: 'outage', next_try_at: nextTryAt.toISOString() },
            );
          },
        }),
        gate.leave(isNew ? talk.tookMs / Math.max(voiceS, 1) : undefined),
      ]);
      return this.#keep({ fetched: toFetchedVideo(this.#leftovers, talk, video) }).fetched!;
    } finally {
      // While the provider may work on the talk, its place is taken, however the job ends.
      await (this.mayExist ? gate.keepForTalk() : gate.leave());
    }
  }

  /** Has everything at the provider deleted in the background. Afterwards the job has nothing there. */
  async clear(): Promise<void> {
    const { leftovers } = this;
    if (leftovers) {
      await startTidyUp(leftovers);
      this.#gate = undefined;
      this.#leftovers = undefined;
    }
  }

  #keep(change: Partial<Leftovers>): Leftovers {
    this.#leftovers = { ...this.#leftovers!, ...change };
    return this.#leftovers;
  }
}
