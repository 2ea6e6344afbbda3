import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  CancellationScope,
  ChildWorkflowCancellationType,
  condition,
  defineSignal,
  getExternalWorkflowHandle,
  isCancellation,
  ParentClosePolicy,
  setHandler,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import { toWorkflowId } from '../../contracts/messages.ts';
import {
  ANSWER_SIGNAL,
  ASK_SIGNAL,
  type GateAnswer,
  type GateReport,
  type GateRequest,
  PROVIDER_BREAKER,
  type ProviderTerms,
  REPORT_SIGNAL,
  toBreakerId,
} from '../../contracts/provider-gate.ts';
import { QUEUES } from '../../contracts/queues.ts';
import { ignoreFailure } from '../ignore-failure.ts';

export type Held = Extract<GateAnswer, { kind: 'held' }>;
export type Granted = Extract<GateAnswer, { kind: 'granted' }>;

/** After this long without an answer the job asks again, in case the breaker lost it. Asking twice is harmless. */
const ASK_INTERVAL_MS = 30_000;
/** The lease covers the talk itself and the work around it. */
const LEASE_MARGIN_MS = 5 * 60_000;

/** A job's side of the breaker: asks for a place at the provider, holds it and gives it back. */
export class ProviderGate {
  readonly #terms: ProviderTerms;
  readonly #breakerId: string;
  #hasPlace: boolean;
  #answer: GateAnswer | undefined;

  /** @param hasPlace whether an earlier attempt of the job left its place taken. */
  constructor(provider: string, terms: ProviderTerms, hasPlace: boolean) {
    this.#terms = terms;
    this.#breakerId = toBreakerId(provider);
    this.#hasPlace = hasPlace;
    setHandler(defineSignal<[GateAnswer]>(ANSWER_SIGNAL), (answer) => {
      this.#answer = answer;
    });
  }

  /** Whether the job has a place, or may be given one. */
  get hasPlace(): boolean {
    return this.#hasPlace;
  }

  /** Resolves with a place. Calls `onHeld` each time the reason or the time of the wait changes; it may throw. */
  async enter(onHeld: (held: Held) => void): Promise<Granted> {
    this.#hasPlace = true;
    this.#answer = undefined;
    for (;;) {
      await this.#signal(ASK_SIGNAL, {
        workflowId: workflowInfo().workflowId,
        leaseMs: this.#terms.talkTimeoutMs + LEASE_MARGIN_MS,
        terms: this.#terms,
      } satisfies GateRequest);
      while (
        await condition(() => this.#answer !== undefined, ASK_INTERVAL_MS, {
          summary: 'Until the job gets a place at the provider',
        })
      ) {
        const answer = this.#answer!;
        this.#answer = undefined;
        if (answer.kind === 'granted') {
          return answer;
        }
        onHeld(answer);
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

  async #send(report: Omit<GateReport, 'workflowId'>): Promise<void> {
    const { workflowId } = workflowInfo();
    await CancellationScope.nonCancellable(() => this.#signal(REPORT_SIGNAL, { ...report, workflowId }));
  }

  /** The first job starts the breaker, which then runs independently of it. */
  async #signal(name: string, argument: GateRequest | GateReport): Promise<void> {
    const breaker = getExternalWorkflowHandle(this.#breakerId);
    try {
      await breaker.signal(name, argument);
    } catch (error) {
      if (isCancellation(error)) {
        throw error;
      }
      await startBreaker(this.#breakerId);
      await breaker.signal(name, argument);
    }
  }
}

/** Gives back the place of a job that has ended. Call it once its talk is no longer in progress. */
export async function releasePlace(provider: string, requestId: string): Promise<void> {
  const report: GateReport = { workflowId: toWorkflowId(requestId), outcome: 'left' };
  const breaker = getExternalWorkflowHandle(toBreakerId(provider));
  await ignoreFailure(breaker.signal(REPORT_SIGNAL, report), 'without a breaker there are no places');
}

async function startBreaker(workflowId: string): Promise<void> {
  try {
    await startChild(PROVIDER_BREAKER, {
      workflowId,
      taskQueue: QUEUES.pipeline,
      parentClosePolicy: ParentClosePolicy.ABANDON,
      // Otherwise a job that is cancelled at this moment would cancel the breaker of all jobs.
      cancellationType: ChildWorkflowCancellationType.ABANDON,
      staticSummary: 'Whether the provider answers, and how many talks it works on',
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) {
      throw error;
    }
  }
}
