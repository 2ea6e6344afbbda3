import type { GateAnswer, GateReport, GateRequest, GateState } from '../../contracts/provider-gate.ts';

/** So many failures without a success between them, within this time, open the breaker. */
const BURST = 5;
const BURST_WINDOW_MS = 5 * 60_000;
const FIRST_PROBE_MS = { outage: 5_000, credits: 15_000 };
const LONGEST_PROBE_MS = 5 * 60_000;
/** Of a new talk's time in the average of the ones before. */
const NEW_WEIGHT = 0.2;

type Reason = keyof typeof FIRST_PROBE_MS;

/** Everything that the breaker knows, in a form that outlives its run. Times are milliseconds since 1970. */
export interface BreakerSnapshot {
  failures: number[];
  /** Set while it is open. */
  open?: { reason: Reason; probeAt: number; intervalMs: number; probe?: string };
  /** Places by the workflow that has them. */
  leases: Record<string, Lease>;
  /** Who waits, in order, and what was said to them last. */
  waiting: Array<GateRequest & { told?: string }>;
  terms: { maxTalksInFlight: number; timeScale: number };
  talkMsPerVoiceS?: number;
}

interface Lease {
  /** Then it is taken back. */
  until: number;
  /** A creation failed of which nobody knows whether the provider works on its talk. */
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
 * A circuit breaker and a counted semaphore for one provider. It is told what happens and answers with what to tell
 * whom; it has no clock of its own.
 */
export class Breaker {
  readonly #state: BreakerSnapshot;

  constructor(snapshot: BreakerSnapshot = CLOSED) {
    // A copy, or a breaker that starts closed would change what closed means; the sandbox has no structuredClone.
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
      // It asks again because it heard nothing.
      delete known.told;
    } else if (lease) {
      // It needs no free place: nobody is to wait for one before it.
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
      state.talkMsPerVoiceS = before + NEW_WEIGHT * (talkMsPerVoiceS - before);
    }
    return this.settle(now);
  }

  /** Lets in whom it can, and tells the others why not, each thing once. */
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
    const words = JSON.stringify(answer);
    for (const waiter of this.#state.waiting) {
      if (waiter.told !== words) {
        waiter.told = words;
        answers.push({ workflowId: waiter.workflowId, answer });
      }
    }
    return answers;
  }

  /** Whoever is not there any more keeps no place, unless its talk may be there: that is given back by who deletes it. */
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

  /** When `settle` is due although nothing happened. */
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
      const intervalMs = Math.min(state.open.intervalMs * 2, LONGEST_PROBE_MS * timeScale);
      state.open = { reason, intervalMs, probeAt: now + intervalMs };
      return;
    }
    state.failures = [...state.failures.filter((at) => at > now - BURST_WINDOW_MS), now];
    // Without credits every talk is refused alike; one answer is enough.
    if (!state.open && (reason === 'credits' || state.failures.length >= BURST)) {
      const intervalMs = FIRST_PROBE_MS[reason] * timeScale;
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
