import type {
  Addressee,
  AnswerBatch,
  GateAnswer,
  GateMessage,
  GateReport,
  GateRequest,
  GateState,
  Undelivered,
} from '../../contracts/provider-gate.ts';
import { Circuit, type CircuitSnapshot } from './circuit.ts';
import { type LineSnapshot, WaitingLine } from './waiting-line.ts';

/** While jobs wait, those with a place are looked up this often: if one has ended without a report, its place is free. */
const CHECK_INTERVAL_MS = 60_000;
/** A probe that has not reported by then, although its workflow runs, is replaced too. */
const MAX_PROBE_MS = 5 * 60_000;
/** A lease covers the talk itself and the work around it. It only ends places of talks whose job has ended. */
const LEASE_MARGIN_MS = 5 * 60_000;
/** Weight of a new talk's time in the moving average. */
const NEW_TALK_WEIGHT = 0.2;
/** Jobs in one batch of answers. */
const MAX_BATCH = 500;

/** The state of a breaker, which one run hands to the next. Times are milliseconds since 1970. */
export interface BreakerSnapshot extends LineSnapshot, CircuitSnapshot {
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
  readonly #state: Omit<BreakerSnapshot, keyof LineSnapshot | keyof CircuitSnapshot>;
  readonly #line: WaitingLine;
  readonly #circuit: Circuit;
  /** The `now` of the last call. */
  #latest = Number.POSITIVE_INFINITY;

  constructor(snapshot: BreakerSnapshot = CLOSED) {
    // A copy, so that CLOSED never changes. Temporal's sandbox has no structuredClone.
    const { waiting, news, failures, open, ...state } = JSON.parse(
      JSON.stringify(snapshot),
    ) as BreakerSnapshot;
    this.#state = state;
    this.#line = new WaitingLine({ waiting, news });
    this.#circuit = new Circuit({ failures, ...(open && { open }) });
  }

  get snapshot(): BreakerSnapshot {
    return { ...this.#state, ...this.#line.snapshot, ...this.#circuit.snapshot };
  }

  get state(): GateState {
    const { hold, heldAlone } = this.#circuit;
    return {
      ...(hold && heldAlone === undefined && { hold }),
      talksInFlight: Object.keys(this.#state.leases).length,
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
    const { leases } = this.#state;
    for (let next = this.#next(now); next; next = this.#next(now)) {
      const { workflowId, askedAt } = next;
      this.#line.leave(workflowId);
      const checkAt = now + this.#scaled(CHECK_INTERVAL_MS);
      leases[workflowId] = { ...leases[workflowId], askedAt, grantedAt: now, checkAt, isUntold: true };
      this.#circuit.admit(workflowId);
    }
    // During a probe nothing is known that is worth telling those who wait for it.
    if (!this.#circuit.probe || this.#circuit.heldAlone) {
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
    this.#circuit.look(isUp, now);
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
    const { leases } = this.#state;
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
      } else if (now >= lease.grantedAt + this.#scaled(MAX_PROBE_MS)) {
        this.#circuit.endProbe(workflowId);
      }
    }
  }

  /**
   * When `settle` or one of `take…` has something to do next, if no message comes before.
   * @param busy what is being sent and looked up: nothing else is taken before that has ended.
   */
  nextDueAt(busy: { news: boolean; checks: boolean; looks: boolean }): number | undefined {
    const { probeAt = Number.POSITIVE_INFINITY } = this.#circuit;
    let dueAt = this.#canGrant() ? probeAt : Number.POSITIVE_INFINITY;
    if (!busy.looks) {
      dueAt = Math.min(dueAt, this.#lookAt());
    }
    if (!busy.checks && this.#line.size > 0) {
      for (const { checkAt } of Object.values(this.#state.leases)) {
        dueAt = Math.min(dueAt, checkAt);
      }
    }
    if (!busy.news) {
      dueAt = Math.min(dueAt, this.#line.newsDueAt);
    }
    return Number.isFinite(dueAt) ? dueAt : undefined;
  }

  #ask({ workflowId, askedAt, terms }: GateRequest, now: number): void {
    const { maxTalksInFlight, talkTimeoutMs, timeScale } = terms;
    this.#state.terms = { maxTalksInFlight, talkTimeoutMs, timeScale };
    const lease = this.#state.leases[workflowId];
    const { hold, probe } = this.#circuit;
    if (lease && (!hold || probe === workflowId)) {
      Object.assign(lease, { askedAt, isUntold: true });
      if (!hold) {
        lease.grantedAt = now;
      }
      return;
    }
    // A job that has a place already must not wait behind jobs that need one.
    this.#line.join({ workflowId, askedAt }, { first: lease !== undefined });
  }

  #report({ workflowId, outcome, mayHaveTalk, talkMsPerVoiceS }: GateReport, now: number): void {
    const state = this.#state;
    const lease = state.leases[workflowId];
    if (outcome === 'created') {
      this.#circuit.succeed();
    } else if (mayHaveTalk && lease) {
      lease.mayHaveTalk = true;
    } else {
      delete state.leases[workflowId];
      this.#line.leave(workflowId);
    }
    if (outcome === 'outage' || outcome === 'credits') {
      this.#circuit.fail(workflowId, outcome, now, state.terms.timeScale);
    } else if (outcome === 'left') {
      this.#circuit.endProbe(workflowId);
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
    this.#circuit.endProbe(workflowId);
  }

  /** The job in line that gets the next place. `undefined` if none may have one now. */
  #next(now: number): Addressee | undefined {
    const { suspect, heldAlone } = this.#circuit;
    const other = suspect && this.#ifThereIsRoom(this.#line.firstExcept(suspect));
    if (other && heldAlone) {
      return other;
    }
    return this.#circuit.mayProbe(now) ? other || this.#ifThereIsRoom(this.#line.first) : undefined;
  }

  #ifThereIsRoom(waiter: Addressee | undefined): Addressee | undefined {
    const { leases, terms } = this.#state;
    const hasRoom =
      waiter && (leases[waiter.workflowId] || Object.keys(leases).length < terms.maxTalksInFlight);
    return hasRoom ? waiter : undefined;
  }

  /** Whether a job in line may have a place, once it is time for a probe. */
  #canGrant(): boolean {
    return this.#next(Number.POSITIVE_INFINITY) !== undefined;
  }

  /** If the clock was set back, nothing may wait until it shows the earlier time again. */
  #undoClockJump(now: number): void {
    const isForward = now >= this.#latest;
    this.#latest = now;
    if (isForward) {
      return;
    }
    this.#line.undoClockJump(now);
    this.#circuit.undoClockJump(now);
    for (const lease of Object.values(this.#state.leases)) {
      lease.grantedAt = Math.min(lease.grantedAt, now);
      lease.checkAt = Math.min(lease.checkAt, now + this.#scaled(CHECK_INTERVAL_MS));
    }
  }

  /** When the account is to be read next: only if that could let a job in. */
  #lookAt(): number {
    return this.#canGrant() ? this.#circuit.lookAt(this.#state.terms.timeScale) : Number.POSITIVE_INFINITY;
  }

  #granted(): GateAnswer {
    const { talkMsPerVoiceS } = this.#state;
    return {
      kind: 'granted',
      ...(talkMsPerVoiceS !== undefined && { talkMsPerVoiceS }),
      ...(this.#circuit.isWatched && { isWatched: true }),
    };
  }

  #held(): GateAnswer {
    const { hold, heldAlone } = this.#circuit;
    const concernsAll = heldAlone === undefined || !this.#line.firstExcept(heldAlone);
    return hold && concernsAll ? { kind: 'held', ...hold } : { kind: 'held', reason: 'busy' };
  }

  get #leaseMs(): number {
    return this.#state.terms.talkTimeoutMs + LEASE_MARGIN_MS;
  }

  #scaled(ms: number): number {
    return ms * this.#state.terms.timeScale;
  }
}
