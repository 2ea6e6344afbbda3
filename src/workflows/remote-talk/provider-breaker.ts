import {
  CancellationScope,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  setCurrentDetails,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import {
  type AnswerBatch,
  BREAKER_QUERY,
  GATE_SIGNAL,
  type GateMessage,
  type GateState,
  providerOf,
  type Undelivered,
} from '../../contracts/provider-gate.ts';
import { ignoreFailure } from '../ignore-failure.ts';
import { Breaker, type BreakerSnapshot } from './breaker-state.ts';
import { accountActivities, breakerActivities } from './gate-activities.ts';
import { toClock } from './outage.ts';

/** A busy worker that replays 4,000 events may take longer than the 10 s of a workflow task. */
const MAX_HISTORY_EVENTS = 1_000;
/** Pause after answers that could not be sent, before others are. */
const RETRY_DELAY_MS = 5_000;

/**
 * Tracks whether a provider answers and how many talks it works on, for all jobs of all workers. Never ends, but continues
 * as new when its history gets long, with the answers that it has not sent yet.
 *
 * Answers go out in batches, each in one activity: a batch adds a few events to this history however many jobs it is for,
 * and no signal is pending here, of which the server allows 2,000.
 */
export async function providerBreaker(snapshot?: BreakerSnapshot): Promise<never> {
  const breaker = new Breaker(snapshot);
  const inbox: Array<(now: number) => void> = [];
  setHandler(defineSignal<[GateMessage[]]>(GATE_SIGNAL), (messages) => {
    for (const message of messages) {
      inbox.push((now) => breaker.receive(message, now));
    }
  });
  setHandler(defineQuery<GateState>(BREAKER_QUERY), () => breaker.state);

  const busy = { grants: false, news: false, checks: false, looks: false };
  const inBackground = async (what: keyof typeof busy, work: () => Promise<(now: number) => void>) => {
    busy[what] = true;
    const handle = await work();
    busy[what] = false;
    inbox.push(handle);
  };
  const tell = async (batch: AnswerBatch) => {
    const result = await deliver(batch);
    return (now: number) => breaker.deliver(batch, result, now);
  };
  const startWork = (now: number) => {
    const grants = busy.grants ? undefined : breaker.takeGrants();
    if (grants) {
      void inBackground('grants', () => tell(grants));
    }
    // Separate from grants, which must not wait until thousands of jobs have the news.
    const news = busy.news ? undefined : breaker.takeNews(now);
    if (news) {
      void inBackground('news', () => tell(news));
    }
    const checked = busy.checks ? [] : breaker.takeChecks(now);
    if (checked.length > 0) {
      void inBackground('checks', async () => {
        const gone = await findEnded(checked);
        return (later) => breaker.confirm(checked, gone, later);
      });
    }
    if (!busy.looks && breaker.isLookDue(now)) {
      void inBackground('looks', async () => {
        const isUp = await readAccount();
        return (later) => breaker.look(isUp, later);
      });
    }
  };

  const alarm = new Alarm();
  const isIdle = () => !Object.values(busy).includes(true);
  for (;;) {
    const now = Date.now();
    for (const handle of inbox.splice(0)) {
      handle(now);
    }
    breaker.settle(now);
    setCurrentDetails(describe(breaker.state));
    if (isLong()) {
      // Starts nothing new, so that the last batch soon arrives, even if messages keep coming.
      if (isIdle()) {
        return continueAsNew<typeof providerBreaker>(breaker.snapshot);
      }
    } else {
      startWork(now);
    }
    alarm.set(isLong() ? undefined : breaker.nextDueAt(busy), now);
    await condition(() => inbox.length > 0 || alarm.hasRung);
  }
}

/** One timer for many changing times: an early alarm costs less than a timer for each message. */
class Alarm {
  #at = Number.POSITIVE_INFINITY;
  #scope: CancellationScope | undefined;
  #hasRung = false;

  /** Rings at this time at the latest. */
  set(at: number | undefined, now: number): void {
    this.#hasRung = false;
    if (at === undefined || at >= this.#at) {
      return;
    }
    this.#scope?.cancel();
    this.#at = at;
    const scope = new CancellationScope();
    this.#scope = scope;
    const ringing = scope.run(async () => {
      await sleep(Math.max(1, Math.ceil(at - now)), { summary: 'Until a job may try again or is looked up' });
      this.#at = Number.POSITIVE_INFINITY;
      this.#hasRung = true;
    });
    void ignoreFailure(ringing, 'an earlier alarm has replaced it');
  }

  /** Whether it has rung since `set` was called last. */
  get hasRung(): boolean {
    return this.#hasRung;
  }
}

async function deliver(batch: AnswerBatch): Promise<Undelivered> {
  const result = await ignoreFailure(breakerActivities.answerJobs(batch), 'the batch is sent again');
  const undelivered = result ?? { gone: [], unreached: batch.jobs.map(({ workflowId }) => workflowId) };
  if (undelivered.unreached.length > 0) {
    await sleep(RETRY_DELAY_MS, { summary: 'Until answers that could not be sent are sent again' });
  }
  return undelivered;
}

/** Those that have certainly ended. */
async function findEnded(workflowIds: string[]): Promise<string[]> {
  const ended = breakerActivities.findEnded({ workflowIds });
  return (await ignoreFailure(ended, 'they are looked up again later')) ?? [];
}

/** Whether the provider answers and its account has credits. */
async function readAccount(): Promise<boolean> {
  const check = accountActivities(providerOf(workflowInfo().workflowId)).checkProvider();
  const found = await ignoreFailure(check, 'the provider is not up');
  return (found?.credits?.remaining ?? 0) > 0;
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
