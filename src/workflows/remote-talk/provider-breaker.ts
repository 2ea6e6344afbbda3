import {
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  getExternalWorkflowHandle,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import {
  ANSWER_SIGNAL,
  ASK_SIGNAL,
  BREAKER_QUERY,
  type GateReport,
  type GateRequest,
  type GateState,
  REPORT_SIGNAL,
} from '../../contracts/provider-gate.ts';
import { type AddressedAnswer, Breaker, type BreakerSnapshot } from './breaker-state.ts';
import { toClock } from './outage.ts';

/** A worker that replays 4,000 events while it is busy may take longer than the 10 s of a workflow task. */
const LONGEST_HISTORY = 1_000;

/**
 * The one place that knows whether a provider is well and how many talks it works on, for all jobs of all workers.
 * It runs for ever, in runs of bounded length.
 */
export async function providerBreaker(snapshot?: BreakerSnapshot): Promise<never> {
  const breaker = new Breaker(snapshot);
  const inbox: Array<(now: number) => AddressedAnswer[]> = [];
  setHandler(defineSignal<[GateRequest]>(ASK_SIGNAL), (request) => {
    inbox.push((now) => breaker.ask(request, now));
  });
  setHandler(defineSignal<[GateReport]>(REPORT_SIGNAL), (report) => {
    inbox.push((now) => breaker.report(report, now));
  });
  setHandler(defineQuery<GateState>(BREAKER_QUERY), () => breaker.state);

  let untold = 0;
  const tell = async ({ workflowId, answer }: AddressedAnswer) => {
    untold += 1;
    try {
      await getExternalWorkflowHandle(workflowId).signal(ANSWER_SIGNAL, answer);
    } catch {
      // The job has ended, or was terminated.
      inbox.push((now) => breaker.forget(workflowId, now));
    }
    untold -= 1;
  };

  // A run that ends takes the signals with it that it has not sent yet.
  const mayEnd = () => inbox.length === 0 && untold === 0 && isLong();
  while (!mayEnd()) {
    await untilDue(() => inbox.length > 0 || mayEnd(), breaker.nextDueAt());
    const now = Date.now();
    const answers = inbox.splice(0).flatMap((handle) => handle(now));
    for (const answer of [...answers, ...breaker.settle(now)]) {
      void tell(answer);
    }
    setCurrentDetails(describe(breaker.state));
  }
  return continueAsNew<typeof providerBreaker>(breaker.snapshot);
}

/** For an operator who looks at this workflow. */
function describe({ hold, talksInFlight, waiting }: GateState): string {
  const counts = `${talksInFlight} talks in flight, ${waiting} jobs ask for a place`;
  if (!hold) {
    return `**Open**: ${counts}`;
  }
  const reason = hold.reason === 'outage' ? 'the provider is not answering' : 'the account lacks credits';
  return `**Held**: ${reason}; one job is let through to try at ${toClock(new Date(hold.until))}. ${counts}`;
}

function isLong(): boolean {
  const { historyLength, continueAsNewSuggested } = workflowInfo();
  return continueAsNewSuggested || historyLength > LONGEST_HISTORY;
}

async function untilDue(isDue: () => boolean, dueAt: number | undefined): Promise<void> {
  if (dueAt === undefined) {
    await condition(isDue);
  } else {
    await condition(isDue, Math.max(1, dueAt - Date.now()), {
      summary: 'Until a job may try, or a place is free',
    });
  }
}
