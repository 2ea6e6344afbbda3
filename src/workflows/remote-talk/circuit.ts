import type { GateState } from '../../contracts/provider-gate.ts';
import { longerInterval } from './outage.ts';

/**
 * This many failures within this time, without a success in between, open the circuit. If all are of one job, it is held
 * alone.
 */
const MAX_FAILURES = 5;
const FAILURE_WINDOW_MS = 5 * 60_000;
const FIRST_PROBE_INTERVAL_MS = { outage: 5_000, credits: 15_000 };
/**
 * While probes are rare, the account is read this often, which costs jobs nothing. If that failed before and succeeds now, the
 * next job probes at once.
 */
const LOOK_INTERVAL_MS = 5 * 60_000;

type Reason = keyof typeof FIRST_PROBE_INTERVAL_MS;

/** The part of a breaker's state that the circuit keeps. Times are milliseconds since 1970. */
export interface CircuitSnapshot {
  failures: Array<{ workflowId: string; at: number }>;
  /** Set while the circuit is open. */
  open?: {
    reason: Reason;
    probeAt: number;
    intervalMs: number;
    probe?: string;
    /** The job that has failed last. Another one is the next probe, if one waits: the fault may be in its files. */
    suspect: string;
    /** No other job has failed. So only this one is held. */
    isAlone?: true;
    /** When the account was read last. */
    lookedAt: number;
    /** It could not be read then, or was empty. */
    isDown?: boolean;
  };
}

/**
 * Whether orders fail: while the circuit is open, they are held, and one job at a time probes whether they succeed again.
 * Has no clock of its own.
 */
export class Circuit {
  readonly #state: CircuitSnapshot;

  constructor(snapshot: CircuitSnapshot) {
    this.#state = snapshot;
  }

  get snapshot(): CircuitSnapshot {
    return this.#state;
  }

  /** Whether a success would change something. */
  get isWatched(): boolean {
    return this.#state.open !== undefined || this.#state.failures.length > 0;
  }

  /** Why jobs are held, and when the next one may try. */
  get hold(): GateState['hold'] {
    const { open } = this.#state;
    return open && { reason: open.reason, until: new Date(open.probeAt).toISOString() };
  }

  /** The only job that is held, although the circuit is open. */
  get heldAlone(): string | undefined {
    const { open } = this.#state;
    return open?.isAlone ? open.suspect : undefined;
  }

  /** The job that is the probe only if no other one waits. */
  get suspect(): string | undefined {
    return this.#state.open?.suspect;
  }

  get probe(): string | undefined {
    return this.#state.open?.probe;
  }

  get probeAt(): number | undefined {
    return this.#state.open?.probeAt;
  }

  /** Whether the next job may order: the circuit is closed, or it is time for a probe. */
  mayProbe(now: number): boolean {
    const { open } = this.#state;
    return !open || (open.probe === undefined && now >= open.probeAt);
  }

  /** The job may order now. If it is held with others, it is the probe. */
  admit(workflowId: string): void {
    const { open } = this.#state;
    if (open && (!open.isAlone || workflowId === open.suspect)) {
      open.probe = workflowId;
    }
  }

  /** If the job is the probe, it stops being that, and another one may take its place. */
  endProbe(workflowId: string): void {
    if (this.#state.open?.probe === workflowId) {
      delete this.#state.open.probe;
    }
  }

  succeed(): void {
    this.#state.failures = [];
    delete this.#state.open;
  }

  fail(workflowId: string, reason: Reason, now: number, timeScale: number): void {
    const state = this.#state;
    const { open } = state;
    const recent = state.failures.filter(({ at }) => at > now - FAILURE_WINDOW_MS && at <= now);
    state.failures = [...recent, { workflowId, at: now }].slice(-MAX_FAILURES);
    const isAlone = reason === 'outage' && state.failures.every((one) => one.workflowId === workflowId);
    if (open && (!open.isAlone || isAlone)) {
      if (open.probe === workflowId) {
        const intervalMs = longerInterval(open.intervalMs, timeScale);
        Object.assign(open, { reason, intervalMs, probeAt: now + intervalMs, suspect: workflowId });
        delete open.probe;
      }
      return;
    }
    // Without credits every order is refused: one refusal is enough.
    if (open || reason === 'credits' || state.failures.length >= MAX_FAILURES) {
      const intervalMs = FIRST_PROBE_INTERVAL_MS[reason] * timeScale;
      state.open = {
        reason,
        intervalMs,
        probeAt: now + intervalMs,
        suspect: workflowId,
        ...(isAlone && { isAlone: true as const }),
        lookedAt: now,
      };
    }
  }

  /** When the account is to be read next. Never if probes are at least as frequent. */
  lookAt(timeScale: number): number {
    const { open } = this.#state;
    const intervalMs = LOOK_INTERVAL_MS * timeScale;
    return open && open.intervalMs > intervalMs ? open.lookedAt + intervalMs : Number.POSITIVE_INFINITY;
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

  /** The clock was set back: nothing may wait until it shows the earlier time again. */
  undoClockJump(now: number): void {
    const { open } = this.#state;
    if (open) {
      open.probeAt = Math.min(open.probeAt, now + open.intervalMs);
      open.lookedAt = Math.min(open.lookedAt, now);
    }
  }
}
