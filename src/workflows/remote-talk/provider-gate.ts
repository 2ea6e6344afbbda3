import { CancellationScope, condition, defineSignal, setHandler, workflowInfo } from '@temporalio/workflow';
import { toWorkflowId } from '../../contracts/messages.ts';
import {
  ANSWER_SIGNAL,
  type GateAnswer,
  type GateReport,
  type ProviderTerms,
} from '../../contracts/provider-gate.ts';
import { GrowingDelay } from '../growing-delay.ts';
import { ignoreFailure } from '../ignore-failure.ts';
import { askBreaker, reportToBreaker } from './gate-activities.ts';

export type Held = Extract<GateAnswer, { kind: 'held' }>;
export type Granted = Extract<GateAnswer, { kind: 'granted' }>;

/**
 * After this long without an answer the job asks again, in case the breaker was terminated. Asking twice is harmless, but
 * makes the history of the job longer. So it waits twice as long each time: a wait of a day is 50 requests.
 */
const ASK_INTERVALS = { firstMs: 30_000, maxMs: 30 * 60_000 };

/** A job's side of the breaker: asks for a place at the provider, holds it and gives it back. */
export class ProviderGate {
  readonly #provider: string;
  readonly #terms: ProviderTerms;
  #hasPlace: boolean;
  readonly #askInterval = new GrowingDelay(ASK_INTERVALS);
  /** Of the request that waits for an answer. */
  #askedAt: number | undefined;
  #answer: GateAnswer | undefined;

  /** @param hasPlace whether an earlier attempt of the job left its place taken. */
  constructor(provider: string, terms: ProviderTerms, hasPlace: boolean) {
    this.#provider = provider;
    this.#terms = terms;
    this.#hasPlace = hasPlace;
    setHandler(defineSignal<[number, GateAnswer]>(ANSWER_SIGNAL), (askedAt, answer) => {
      if (askedAt === this.#askedAt) {
        this.#answer = answer;
      }
    });
  }

  /** Whether the job has a place, or may be given one. */
  get hasPlace(): boolean {
    return this.#hasPlace;
  }

  /** Resolves with a place. Calls `onHeld` each time the reason or the time of the wait changes; it may throw. */
  async enter(onHeld: (held: Held) => void): Promise<Granted> {
    const { workflowId } = workflowInfo();
    const askedAt = Date.now();
    this.#hasPlace = true;
    this.#askedAt = askedAt;
    this.#answer = undefined;
    for (;;) {
      await askBreaker({
        provider: this.#provider,
        message: { kind: 'ask', workflowId, askedAt, terms: this.#terms },
      });
      const intervalMs = this.#askInterval.nextMs();
      for (let waitMs = intervalMs; await this.#hasAnswer(waitMs); ) {
        const answer = this.#answer!;
        this.#answer = undefined;
        if (answer.kind === 'granted') {
          this.#askedAt = undefined;
          return answer;
        }
        onHeld(answer);
        // There is no news before the next job may try.
        const heldMs = answer.until === undefined ? 0 : Date.parse(answer.until) - Date.now();
        waitMs = intervalMs + Math.max(0, heldMs);
      }
    }
  }

  /** Reports how the attempt went. After `outage` and `credits` the place is gone, unless a talk may exist. */
  async report(outcome: 'created' | 'outage' | 'credits', mayHaveTalk: boolean): Promise<void> {
    this.#hasPlace = outcome === 'created' || mayHaveTalk;
    await this.#send({ outcome, ...(mayHaveTalk && { mayHaveTalk }) });
  }

  /** Gives the place back, or stops waiting for one, even if the job was cancelled. */
  async leave(talkMsPerVoiceS?: number): Promise<void> {
    if (this.#hasPlace) {
      this.#hasPlace = false;
      await this.#send({ outcome: 'left', ...(talkMsPerVoiceS !== undefined && { talkMsPerVoiceS }) });
    }
  }

  /** At the end of a job whose talk the provider may still work on: the place stays taken until the talk has ended. */
  async keepForTalk(): Promise<void> {
    if (this.#hasPlace) {
      await this.#send({ outcome: 'left', mayHaveTalk: true });
    }
  }

  #hasAnswer(waitMs: number): Promise<boolean> {
    return condition(() => this.#answer !== undefined, waitMs, {
      summary: 'Until the job gets a place at the provider',
    });
  }

  #send(report: Omit<GateReport, 'kind' | 'workflowId'>): Promise<void> {
    return send(this.#provider, { ...report, kind: 'report', workflowId: workflowInfo().workflowId });
  }
}

/** Gives back the place of a job that has ended. Call it once its talk is no longer in progress. */
export function releasePlace(provider: string, requestId: string): Promise<void> {
  return send(provider, { kind: 'report', workflowId: toWorkflowId(requestId), outcome: 'left' });
}

async function send(provider: string, message: GateReport): Promise<void> {
  const sent = CancellationScope.nonCancellable(() => reportToBreaker({ provider, message }));
  await ignoreFailure(sent, 'the breaker looks up jobs that do not report');
}
