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

/** A busy worker that replays 4,000 events may take longer than the 10 s of a workflow task. */
const MAX_HISTORY_EVENTS = 1_000;

/**
 * Tracks whether a provider answers and how many talks it works on, for all jobs of all workers. Never ends, but continues
 * as new when its history gets long.
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

  let unsent = 0;
  const send = async ({ workflowId, answer }: AddressedAnswer) => {
    unsent += 1;
    try {
      await getExternalWorkflowHandle(workflowId).signal(ANSWER_SIGNAL, answer);
    } catch {
      // The job has ended or was terminated.
      inbox.push((now) => breaker.forget(workflowId, now));
    }
    unsent -= 1;
  };

  // The end of a run would drop signals that are not sent yet.
  const mayEnd = () => inbox.length === 0 && unsent === 0 && isLong();
  while (!mayEnd()) {
    await untilDue(() => inbox.length > 0 || mayEnd(), breaker.nextDueAt());
    const now = Date.now();
    const answers = inbox.splice(0).flatMap((handle) => handle(now));
    for (const answer of [...answers, ...breaker.settle(now)]) {
      void send(answer);
    }
    setCurrentDetails(describe(breaker.state));
  }
  return continueAsNew<typeof providerBreaker>(breaker.snapshot);
}

/** Shown in Temporal's Web UI. */
function describe({ hold, talksInFlight, waiting }: GateState): string {
  const counts = `${talksInFlight} talks in flight, ${waiting} jobs wait for a place`;
  if (!hold) {
    return `**Open**: ${counts}`;
  }
  const reason = hold.reason === 'outage' ? 'the provider is not answering' : 'the account has no credits';
  return `**Held**: ${reason}; one job tries again at ${toClock(new Date(hold.until))}. ${counts}`;
}

function isLong(): boolean {
  const { historyLength, continueAsNewSuggested } = workflowInfo();
  return continueAsNewSuggested || historyLength > MAX_HISTORY_EVENTS;
}

async function untilDue(isDue: () => boolean, dueAt: number | undefined): Promise<void> {
  if (dueAt === undefined) {
    await condition(isDue);
  } else {
    await condition(isDue, Math.max(1, dueAt - Date.now()), {
      summary: 'Until a job may try again or a lease expires',
    });
  }
}
