import { CancellationScope } from '@temporalio/workflow';
import { GrowingDelay } from '../growing-delay.ts';
import { ignoreFailure } from '../ignore-failure.ts';
import { fetchVideo } from './fetch-video.ts';
import { type Leftovers, toFetchedVideo } from './leftovers.ts';
import { pause } from './pause.ts';
import { releasePlace } from './provider-gate.ts';
import { remoteActivities } from './remote-activities.ts';
import { findTalkId } from './tidy-up.ts';

const POLL_INTERVALS = { firstMs: 15_000, growth: 1.2, maxMs: 30 * 60_000 };

/**
 * The talk of a failed job, while it is kept for a retry. Once the talk has ended, its place at the provider is given back
 * and its video is fetched: the provider gives it out for a day only, and a retry may come later.
 */
export class KeptTalk {
  readonly #scope = new CancellationScope();
  readonly #work: Promise<void>;
  #leftovers: Leftovers;

  constructor(leftovers: Leftovers, videoKey: string) {
    this.#leftovers = leftovers;
    const work = this.#scope.run(() => this.#keep(videoKey));
    this.#work = ignoreFailure(work, 'the lease expires, and the retry reads the talk itself');
  }

  /** What a retry takes up or a tidy-up deletes. Afterwards nothing is fetched any more. */
  async handOver(): Promise<Leftovers> {
    this.#scope.cancel();
    await this.#work;
    return this.#leftovers;
  }

  async #keep(videoKey: string): Promise<void> {
    const { provider, requestId, timeScale, hasPlace, fetched } = this.#leftovers;
    const talkId = await findTalkId(this.#leftovers);
    if (talkId) {
      this.#leftovers = { ...this.#leftovers, talkId, mayHaveUnknownTalk: false };
    }
    const done = talkId && !fetched ? await this.#untilEnded(talkId) : undefined;
    if (hasPlace) {
      await releasePlace(provider.name, requestId);
      this.#leftovers = { ...this.#leftovers, hasPlace: false };
    }
    if (talkId && done) {
      const calls = remoteActivities(provider, timeScale);
      const video = await fetchVideo({ calls, timeScale, talkId, videoKey });
      this.#leftovers = { ...this.#leftovers, fetched: toFetchedVideo(this.#leftovers, done, video) };
    }
  }

  /** Returns `undefined` if the talk ended without a video. */
  async #untilEnded(talkId: string): Promise<{ warnings?: string[] } | undefined> {
    const { provider, timeScale } = this.#leftovers;
    const { undo } = remoteActivities(provider, timeScale);
    const interval = new GrowingDelay(POLL_INTERVALS);
    for (;;) {
      const talk = await ignoreFailure(undo.readTalk({ talkId }), 'a talk that failed is an error');
      if (!talk || talk.state === 'done') {
        return talk;
      }
      await pause(interval.nextMs() * timeScale, 'Until the next poll of a talk that is kept for a retry');
    }
  }
}
