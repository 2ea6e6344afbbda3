import type {
  AnswerBatch,
  GateAnswer,
  GateMessage,
  GateReport,
  GateRequest,
  GateState,
  Undelivered,
} from '../../contracts/provider-gate.ts';
import { longerInterval } from './outage.ts';
import { type LineSnapshot, WaitingLine } from './waiting-line.ts';

/** This many failures within this time, without a success in between, open the breaker. */
const MAX_FAILURES = 5;
const FAILURE_WINDOW_MS = 5 * 60_000;
const FIRST_PROBE_INTERVAL_MS = { outage: 5_000, credits: 15_000 };
/** While jobs wait, those with a place are looked up this often: if one has ended without a report, its place is free. */
const CHECK_INTERVAL_MS = 60_000;
/** A probe that has not reported by then, although its workflow runs, is replaced too. */
const MAX_PROBE_MS = 5 * 60_000;
/**
 * While probes are rare, the account is read this often, which costs jobs nothing. If that failed before and succeeds now, the
 * next job probes at once.
 */
const LOOK_INTERVAL_MS = 5 * 60_000;
/** A lease covers the talk itself and the work around it. It only ends places of talks whose job has ended. */
const LEASE_MARGIN_MS = 5 * 60_000;
/** Weight of a new talk's time in the moving average. */
const NEW_TALK_WEIGHT = 0.2;
/** Jobs in one batch of answers. */
const MAX_BATCH = 500;

type Reason = keyof typeof FIRST_PROBE_INTERVAL_MS;

/** The state of a breaker, which one run hands to the next. Times are milliseconds since 1970. */
export interface BreakerSnapshot extends LineSnapshot {
  failures: number[];
  /** Set while the breaker is open. */
  open?: {
    reason: Reason;
    probeAt: number;
    intervalMs: number;
    probe?: string;
    /** When the account was read last. */
    lookedAt: number;
    /** It could not be read then, or was empty. */
    isDown?: boolean;
  };
  /** Places, by the id of the workflow that has each. */
  leases: Record<string, Lease>;
  terms: { maxTalksInFlight: number; talkTimeoutMs: number; timeScale: number };
  talkMsPerVoiceS?: number;
}

interface Lease {
  askedAt: number;
  grantedAt: number;
  /** When to look up whether the job still runs. */
  checkAt: number;
  /** The job has not received its answer yet. */
  isUntold?: true;
  /** An order failed, but the provider may still work on its talk. */
  mayHaveTalk?: true;
}

const CLOSED: BreakerSnapshot = {
  failures: [],
  leases: {},
  waiting: [],
  news: { number: 1, answer: { kind: 'held', reason: 'busy' } },
  terms: { maxTalksInFlight: 1, talkTimeoutMs: 30 * 60_000, timeScale: 1 },
};

/**
 * Circuit breaker and counting semaphore for one provider. It has no clock of its own. Messages change the state, `settle`
 * grants places, and `take…` return the next batch to send or to look up. The snapshot contains what was not taken yet. If
 * the wall clock jumps, it neither waits longer than its intervals nor takes a place from a job that runs.
 */
export class Breaker {
  readonly #state: Omit<BreakerSnapshot, keyof LineSnapshot>;
  readonly #line: WaitingLine;
  /** The `now` of the last call. */
  #latest = Number.POSITIVE_INFINITY;

  constructor(snapshot: BreakerSnapshot = CLOSED) {
    // A copy, so that CLOSED never changes. Temporal's sandbox has no structuredClone.
    const { waiting, news, ...state } = JSON.parse(JSON.stringify(snapshot)) as BreakerSnapshot;
    this.#state = state;
    this.#line = new WaitingLine({ waiting, news });
  }

  get snapshot(): BreakerSnapshot {
    return { ...this.#state, ...this.#line.snapshot };
  }

  get state(): GateState {
    const { open, leases } = this.#state;
    return {
      ...(open && { hold: { reason: open.reason, until: new Date(open.probeAt).toISOString() } }),
      talksInFlight: Object.keys(leases).length,
      waiting: this.#line.size,
    };
  }

  receive(message: GateMessage, now: number): void {
    if (message.kind === 'ask') {
      this.#ask(message, now);
    } else {
      this.#report(message, now);
    }
  }

  /** Grants free places. Call it after messages and when the time of `nextDueAt` has come. */
  settle(now: number): void {
    this.#undoClockJump(now);
    const { open, leases } = this.#state;
    while (this.#canGrant() && (!open || now >= open.probeAt)) {
      const { workflowId, askedAt } = this.#line.first!;
      this.#line.leave(workflowId);
      const checkAt = now + this.#scaled(CHECK_INTERVAL_MS);
      leases[workflowId] = { ...leases[workflowId], askedAt, grantedAt: now, checkAt, isUntold: true };
      if (open) {
        open.probe = workflowId;
      }
    }
    // During a probe nothing is known that is worth telling.
    if (!open?.probe) {
      this.#line.announce(this.#held());
    }
  }

  /** Places that were granted. */
  takeGrants(): AnswerBatch | undefined {
    const untold = Object.entries(this.#state.leases).filter(([, { isUntold }]) => isUntold);
    const jobs = untold.slice(0, MAX_BATCH).map(([workflowId, lease]) => {
      delete lease.isUntold;
      return { workflowId, askedAt: lease.askedAt };
    });
    return jobs.length > 0 ? { answer: this.#granted(), jobs } : undefined;
  }

  /** Why jobs wait, for those that were not told yet. */
  takeNews(now: number): AnswerBatch | undefined {
    return this.#line.takeNews(now, { max: MAX_BATCH, timeScale: this.#state.terms.timeScale });
  }

  /** Workflows with a place that are to be looked up. They are due until they are passed to `confirm`. */
  takeChecks(now: number): string[] {
    if (this.#line.size === 0) {
      return [];
    }
    return Object.entries(this.#state.leases)
      .filter(([, { checkAt }]) => checkAt <= now)
      .slice(0, MAX_BATCH)
      .map(([workflowId]) => workflowId);
  }

  /** Whether to read the account now. It is due until its outcome is passed to `look`. */
  isLookDue(now: number): boolean {
    return this.#lookAt() <= now;
  }

  /** @param isUp whether the account could be read, and has credits. */
  look(isUp: boolean, now: number): void {
    const { open } = this.#state;
    if (open) {
      if (isUp && open.isDown) {
        open.probeAt = Math.min(open.probeAt, now);
      }
      open.isDown = !isUp;
      open.lookedAt = now;
    }
  }

  /** The outcome of sending a batch. */
  deliver({ jobs }: AnswerBatch, { gone, unreached }: Undelivered, now: number): void {
    const { leases } = this.#state;
    for (const { workflowId, askedAt } of jobs) {
      const lease = leases[workflowId];
      const waiter = this.#line.get(workflowId);
      // Otherwise the job has left meanwhile, or asked again.
      if (waiter?.askedAt !== askedAt && lease?.askedAt !== askedAt) {
        continue;
      }
      if (gone.includes(workflowId)) {
        this.#forget(workflowId, now);
      } else if (unreached.includes(workflowId)) {
        if (waiter) {
          this.#line.tellAgain(workflowId);
        } else if (lease) {
          lease.isUntold = true;
        }
      }
    }
  }

  /** The outcome of a look-up. @param gone those whose workflow has ended. */
  confirm(checked: readonly string[], gone: readonly string[], now: number): void {
    const { leases, open } = this.#state;
    for (const workflowId of checked) {
      const lease = leases[workflowId];
      if (!lease || lease.checkAt > now) {
        continue;
      }
      const expiresAt = lease.grantedAt + this.#leaseMs;
      lease.checkAt = now + this.#scaled(CHECK_INTERVAL_MS);
      if (gone.includes(workflowId)) {
        if (expiresAt <= now) {
          delete lease.mayHaveTalk;
        }
        this.#forget(workflowId, now);
        lease.checkAt = expiresAt;
      } else if (open?.probe === workflowId && now >= lease.grantedAt + this.#scaled(MAX_PROBE_MS)) {
        delete open.probe;
      }
    }
  }

  /**
   * When `settle` or one of `take…` has something to do next, if no message comes before.
   * @param busy what is being sent and looked up: nothing else is taken before that has ended.
   */
  nextDueAt(busy: { news: boolean; checks: boolean; looks: boolean }): number | undefined {
    const { open, leases } = this.#state;
    let dueAt = open && this.#canGrant() ? open.probeAt : Number.POSITIVE_INFINITY;
    if (!busy.looks) {
      dueAt = Math.min(dueAt, this.#lookAt());
    }
    if (!busy.checks && this.#line.size > 0) {
      for (const { checkAt } of Object.values(leases)) {
        dueAt = Math.min(dueAt, checkAt);
      }
    }
    if (!busy.news) {
      dueAt = Math.min(dueAt, this.#line.newsDueAt);
    }
    return Number.isFinite(dueAt) ? dueAt : undefined;
  }

  #ask({ workflowId, askedAt, terms }: GateRequest, now: number): void {
    const { leases, open } = this.#state;
    const { maxTalksInFlight, talkTimeoutMs, timeScale } = terms;
    this.#state.terms = { maxTalksInFlight, talkTimeoutMs, timeScale };
    const lease = leases[workflowId];
    if (lease && (!open || open.probe === workflowId)) {
      Object.assign(lease, { askedAt, isUntold: true });
      if (!open) {
        lease.grantedAt = now;
      }
      return;
    }
    // A job that has a place already must not wait behind jobs that need one.
    this.#line.join({ workflowId, askedAt }, { first: lease !== undefined });
  }

  #report({ workflowId, outcome, mayHaveTalk, talkMsPerVoiceS }: GateReport, now: number): void {
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
      this.#line.leave(workflowId);
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
  }

  /** The job has ended. Its place is free, unless its talk may exist: then the tidy-up gives the place back. */
  #forget(workflowId: string, now: number): void {
    if (!this.#state.leases[workflowId]?.mayHaveTalk) {
      this.#report({ kind: 'report', workflowId, outcome: 'left' }, now);
      return;
    }
    this.#line.leave(workflowId);
    if (this.#state.open?.probe === workflowId) {
      delete this.#state.open.probe;
    }
  }

  /** Whether the first job in line may have a place, once it is time for a probe. */
  #canGrant(): boolean {
    const { open, leases, terms } = this.#state;
    const { first } = this.#line;
    return (
      first !== undefined &&
      !open?.probe &&
      (leases[first.workflowId] !== undefined || Object.keys(leases).length < terms.maxTalksInFlight)
    );
  }

  #fail(reason: Reason, wasProbe: boolean, now: number): void {
    const state = this.#state;
    if (wasProbe && state.open) {
      const intervalMs = longerInterval(state.open.intervalMs, state.terms.timeScale);
      state.open = { ...state.open, reason, intervalMs, probeAt: now + intervalMs };
      delete state.open.probe;
      return;
    }
    const recent = state.failures.filter((at) => at > now - FAILURE_WINDOW_MS && at <= now);
    state.failures = [...recent, now].slice(-MAX_FAILURES);
    // Without credits every order is refused: one refusal is enough.
    if (!state.open && (reason === 'credits' || state.failures.length >= MAX_FAILURES)) {
      const intervalMs = this.#scaled(FIRST_PROBE_INTERVAL_MS[reason]);
      state.open = { reason, intervalMs, probeAt: now + intervalMs, lookedAt: now };
    }
  }

  /** If the clock was set back, nothing may wait until it shows the earlier time again. */
  #undoClockJump(now: number): void {
    const isForward = now >= this.#latest;
    this.#latest = now;
    if (isForward) {
      return;
    }
    this.#line.undoClockJump(now);
    const { open, leases } = this.#state;
    if (open) {
      open.probeAt = Math.min(open.probeAt, now + open.intervalMs);
      open.lookedAt = Math.min(open.lookedAt, now);
    }
    for (const lease of Object.values(leases)) {
      lease.grantedAt = Math.min(lease.grantedAt, now);
      lease.checkAt = Math.min(lease.checkAt, now + this.#scaled(CHECK_INTERVAL_MS));
    }
  }

  /** When the account is to be read next. Never while probes are as frequent. */
  #lookAt(): number {
    const { open } = this.#state;
    const intervalMs = this.#scaled(LOOK_INTERVAL_MS);
    return open && open.intervalMs > intervalMs && this.#canGrant()
      ? open.lookedAt + intervalMs
      : Number.POSITIVE_INFINITY;
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

  get #leaseMs(): number {
    return this.#state.terms.talkTimeoutMs + LEASE_MARGIN_MS;
  }

  #scaled(ms: number): number {
    return ms * this.#state.terms.timeScale;
  }
}
