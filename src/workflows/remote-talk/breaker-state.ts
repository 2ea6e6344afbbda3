import type { GateAnswer, GateReport, GateRequest, GateState } from '../../contracts/provider-gate.ts';

/** This many failures within this time, without a success in between, open the breaker. */
const MAX_FAILURES = 5;
const FAILURE_WINDOW_MS = 5 * 60_000;
const FIRST_PROBE_INTERVAL_MS = { outage: 5_000, credits: 15_000 };
const MAX_PROBE_INTERVAL_MS = 5 * 60_000;
/** Weight of a new talk's time in the moving average. */
const NEW_TALK_WEIGHT = 0.2;

type Reason = keyof typeof FIRST_PROBE_INTERVAL_MS;

/** The state of a breaker, which one run hands to the next. Times are milliseconds since 1970. */
export interface BreakerSnapshot {
  failures: number[];
  /** Set while the breaker is open. */
  open?: { reason: Reason; probeAt: number; intervalMs: number; probe?: string };
  /** Places, by the id of the workflow that has each. */
  leases: Record<string, Lease>;
  /** Jobs that wait for a place, in order, each with the last answer sent to it. */
  waiting: Array<GateRequest & { lastAnswer?: string }>;
  terms: { maxTalksInFlight: number; timeScale: number };
  talkMsPerVoiceS?: number;
}

interface Lease {
  /** The place is taken back at this time. */
  until: number;
  /** An order failed, but the provider may still work on its talk. */
  mayHaveTalk?: true;
}

export interface AddressedAnswer {
  workflowId: string;
  answer: GateAnswer;
}

const CLOSED: BreakerSnapshot = {
  failures: [],
  leases: {},
  waiting: [],
  terms: { maxTalksInFlight: 1, timeScale: 1 },
};

/**
 * Circuit breaker and counting semaphore for one provider. Each call returns the answers to send to jobs. It has no clock
 * of its own.
 */
export class Breaker {
  readonly #state: BreakerSnapshot;

  constructor(snapshot: BreakerSnapshot = CLOSED) {
    // A copy, so that CLOSED never changes. Temporal's sandbox has no structuredClone.
    this.#state = JSON.parse(JSON.stringify(snapshot));
  }

  get snapshot(): BreakerSnapshot {
    return this.#state;
  }

  get state(): GateState {
    const { open, leases, waiting } = this.#state;
    return {
      ...(open && { hold: { reason: open.reason, until: new Date(open.probeAt).toISOString() } }),
      talksInFlight: Object.keys(leases).length,
      waiting: waiting.length,
    };
  }

  ask(request: GateRequest, now: number): AddressedAnswer[] {
    const { waiting, leases, open } = this.#state;
    const { workflowId, leaseMs } = request;
    this.#state.terms = request.terms;
    const lease = leases[workflowId];
    if (lease) {
      lease.until = now + leaseMs;
    }
    if (lease && (!open || open.probe === workflowId)) {
      return [{ workflowId, answer: this.#granted() }];
    }
    const known = waiting.find((waiter) => waiter.workflowId === workflowId);
    if (known) {
      // It asks again because no answer reached it.
      delete known.lastAnswer;
    } else if (lease) {
      // It has a place already, so it must not wait behind jobs that need one.
      waiting.unshift({ ...request });
    } else {
      waiting.push({ ...request });
    }
    return this.settle(now);
  }

  report({ workflowId, outcome, mayHaveTalk, talkMsPerVoiceS }: GateReport, now: number): AddressedAnswer[] {
    const state = this.#state;
    const wasProbe = state.open?.probe === workflowId;
    const lease = state.leases[workflowId];
    if (outcome === 'created') {
      state.failures = [];
      delete state.open;
    } else if (mayHaveTalk && lease) {
      lease.mayHaveTalk = true;
    } else {
      delete state.leases[workflowId];
      state.waiting = state.waiting.filter((waiter) => waiter.workflowId !== workflowId);
    }
    if (outcome === 'outage' || outcome === 'credits') {
      this.#fail(outcome, wasProbe, now);
    } else if (outcome === 'left' && wasProbe) {
      delete state.open?.probe;
    }
    if (talkMsPerVoiceS !== undefined) {
      const before = state.talkMsPerVoiceS ?? talkMsPerVoiceS;
      state.talkMsPerVoiceS = before + NEW_TALK_WEIGHT * (talkMsPerVoiceS - before);
    }
    return this.settle(now);
  }

  /** Grants free places, and gives the other jobs the reason why they wait, unless they have it already. */
  settle(now: number): AddressedAnswer[] {
    this.#dropExpired(now);
    const answers: AddressedAnswer[] = [];
    while (this.#mayGrant(now)) {
      const { workflowId, leaseMs } = this.#state.waiting.shift()!;
      this.#state.leases[workflowId] = { ...this.#state.leases[workflowId], until: now + leaseMs };
      if (this.#state.open) {
        this.#state.open.probe = workflowId;
        this.#state.open.probeAt = now + this.#state.open.intervalMs;
      }
      answers.push({ workflowId, answer: this.#granted() });
    }
    const answer = this.#held();
    const text = JSON.stringify(answer);
    for (const waiter of this.#state.waiting) {
      if (waiter.lastAnswer !== text) {
        waiter.lastAnswer = text;
        answers.push({ workflowId: waiter.workflowId, answer });
      }
    }
    return answers;
  }

  /** The job has ended. Its place is free, unless its talk may exist: then the tidy-up gives the place back. */
  forget(workflowId: string, now: number): AddressedAnswer[] {
    const { waiting, leases } = this.#state;
    if (!leases[workflowId]?.mayHaveTalk) {
      return this.report({ workflowId, outcome: 'left' }, now);
    }
    this.#state.waiting = waiting.filter((waiter) => waiter.workflowId !== workflowId);
    if (this.#state.open?.probe === workflowId) {
      delete this.#state.open.probe;
    }
    return this.settle(now);
  }

  /** The latest time for the next `settle`, if nothing happens before. */
  nextDueAt(): number | undefined {
    const { open, waiting, leases } = this.#state;
    const probeAt = open && !open.probe && waiting.length > 0 ? [open.probeAt] : [];
    const times = [...probeAt, ...Object.values(leases).map(({ until }) => until)];
    return times.length > 0 ? Math.min(...times) : undefined;
  }

  #mayGrant(now: number): boolean {
    const { open, waiting, leases, terms } = this.#state;
    const [first] = waiting;
    if (!first) {
      return false;
    }
    if (!leases[first.workflowId] && Object.keys(leases).length >= terms.maxTalksInFlight) {
      return false;
    }
    return open ? !open.probe && now >= open.probeAt : true;
  }

  #fail(reason: Reason, wasProbe: boolean, now: number): void {
    const state = this.#state;
    const { timeScale } = state.terms;
    if (wasProbe && state.open) {
      const intervalMs = Math.min(state.open.intervalMs * 2, MAX_PROBE_INTERVAL_MS * timeScale);
      state.open = { reason, intervalMs, probeAt: now + intervalMs };
      return;
    }
    state.failures = [...state.failures.filter((at) => at > now - FAILURE_WINDOW_MS), now];
    // Without credits every order is refused: one refusal is enough.
    if (!state.open && (reason === 'credits' || state.failures.length >= MAX_FAILURES)) {
      const intervalMs = FIRST_PROBE_INTERVAL_MS[reason] * timeScale;
      state.open = { reason, intervalMs, probeAt: now + intervalMs };
    }
  }

  #dropExpired(now: number): void {
    for (const [workflowId, { until }] of Object.entries(this.#state.leases)) {
      if (until <= now) {
        delete this.#state.leases[workflowId];
        if (this.#state.open?.probe === workflowId) {
          delete this.#state.open.probe;
        }
      }
    }
  }

  #granted(): GateAnswer {
    const { talkMsPerVoiceS, failures, open } = this.#state;
    return {
      kind: 'granted',
      ...(talkMsPerVoiceS !== undefined && { talkMsPerVoiceS }),
      ...((open || failures.length > 0) && { isWatched: true }),
    };
  }

  #held(): GateAnswer {
    const { open } = this.#state;
    return open
      ? { kind: 'held', reason: open.reason, until: new Date(open.probeAt).toISOString() }
      : { kind: 'held', reason: 'busy' };
  }
}
