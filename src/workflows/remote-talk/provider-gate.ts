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
import type { Remains } from './leftovers.ts';

export type Held = Extract<GateAnswer, { kind: 'held' }>;
type Granted = Extract<GateAnswer, { kind: 'granted' }>;

/** Silence for so long means that the breaker lost us, or we it: asking twice changes nothing. */
const ASK_AGAIN_MS = 30_000;
/** The lease covers the talk itself and what is around it. */
const LEASE_SPARE_MS = 5 * 60_000;

/** A job's side of the breaker: one place at the provider, asked for, held and given back. */
export class ProviderGate {
  readonly #terms: ProviderTerms;
  readonly #breakerId: string;
  readonly #remains: Remains;
  #answer: GateAnswer | undefined;

  /** @param remains where it notes whether the job has a place, or may be given one. */
  constructor(provider: string, terms: ProviderTerms, remains: Remains) {
    this.#terms = terms;
    this.#breakerId = toBreakerId(provider);
    this.#remains = remains;
    setHandler(defineSignal<[GateAnswer]>(ANSWER_SIGNAL), (answer) => {
      this.#answer = answer;
    });
  }

  /** Resolves with a place. `onHeld` hears why not yet, each time the reason or the time changes; it may throw. */
  async enter(onHeld: (held: Held) => void): Promise<Granted> {
    this.#remains.hasPlace = true;
    this.#answer = undefined;
    for (;;) {
      await this.#signal(ASK_SIGNAL, {
        workflowId: workflowInfo().workflowId,
        leaseMs: this.#terms.talkTimeoutMs + LEASE_SPARE_MS,
        terms: this.#terms,
      } satisfies GateRequest);
      while (
        await condition(() => this.#answer !== undefined, ASK_AGAIN_MS, {
          summary: 'Until the provider lets it through',
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

  /** How the attempt went; after `outage` and `credits` the place is gone, unless a talk may be in it. */
  async report(outcome: 'created' | 'outage' | 'credits'): Promise<void> {
    const { mayHaveTalk } = this.#remains;
    this.#remains.hasPlace = outcome === 'created' || mayHaveTalk;
    await this.#send({ outcome, ...(mayHaveTalk && { mayHaveTalk }) });
  }

  /** Gives the place back, or stops waiting for one; also where the job was cancelled. */
  async leave(talkMsPerVoiceS?: number): Promise<void> {
    if (this.#remains.hasPlace) {
      this.#remains.hasPlace = false;
      await this.#send({ outcome: 'left', ...(talkMsPerVoiceS !== undefined && { talkMsPerVoiceS }) });
    }
  }

  async #send(report: Omit<GateReport, 'workflowId'>): Promise<void> {
    const { workflowId } = workflowInfo();
    await CancellationScope.nonCancellable(() => this.#signal(REPORT_SIGNAL, { ...report, workflowId }));
  }

  /** The first job of all starts the breaker; it then belongs to nobody. */
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

/** Gives back the place of a job that has ended, when its talk is not worked on any more. */
export async function leavePlace(provider: string, remains: Remains): Promise<void> {
  if (remains.hasPlace) {
    remains.hasPlace = false;
    const report: GateReport = { workflowId: toWorkflowId(remains.requestId), outcome: 'left' };
    // Without a breaker there are no places.
    await getExternalWorkflowHandle(toBreakerId(provider))
      .signal(REPORT_SIGNAL, report)
      .catch(() => undefined);
  }
}

async function startBreaker(workflowId: string): Promise<void> {
  try {
    await startChild(PROVIDER_BREAKER, {
      workflowId,
      taskQueue: QUEUES.pipeline,
      parentClosePolicy: ParentClosePolicy.ABANDON,
      // Else a job that is cancelled in this moment would take everybody's breaker with it.
      cancellationType: ChildWorkflowCancellationType.ABANDON,
      staticSummary: 'Whether the provider answers, and how many talks it works on',
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) {
      throw error;
    }
  }
}
