import type { Addressee, AnswerBatch, GateAnswer } from '../../contracts/provider-gate.ts';

/**
 * What a run hands to the next must stay below 2 MB, and a waiting job takes about 100 bytes of it. A job that asks when the
 * line is full gets no answer, and asks again.
 */
const MAX_WAITING = 10_000;
/**
 * A waiting job is told of changes less and less often, because each answer makes its history longer and it may wait for a
 * day.
 */
const FIRST_NEWS_INTERVAL_MS = 1_000;
const MAX_NEWS_INTERVAL_MS = 15 * 60_000;

/** The part of a breaker's state that the line keeps. */
export interface LineSnapshot {
  /** Jobs that wait for a place, in order. */
  waiting: Waiter[];
  /** Why jobs wait at present. Each change has the next number. */
  news: { number: number; answer: GateAnswer };
}

interface Waiter extends Addressee {
  /** The number of the last news that was sent to it, when that was, and how often it got any. */
  told?: number;
  toldAt?: number;
  tellings?: number;
}

/** The jobs that wait for a place at a provider, in order, and what each was told about the reason. */
export class WaitingLine {
  #waiters: Map<string, Waiter>;
  #news: LineSnapshot['news'];
  /** No job has to be told anything before this time. With thousands in line, they are not all looked at for each message. */
  #newsDueAt = 0;

  constructor({ waiting, news }: LineSnapshot) {
    this.#waiters = new Map(waiting.map((waiter) => [waiter.workflowId, waiter]));
    this.#news = news;
  }

  get snapshot(): LineSnapshot {
    return { waiting: [...this.#waiters.values()], news: this.#news };
  }

  get size(): number {
    return this.#waiters.size;
  }

  get first(): Addressee | undefined {
    return this.#waiters.values().next().value;
  }

  /** The first job but this one. */
  firstExcept(workflowId: string): Addressee | undefined {
    for (const waiter of this.#waiters.values()) {
      if (waiter.workflowId !== workflowId) {
        return waiter;
      }
    }
    return undefined;
  }

  get newsDueAt(): number {
    return this.#newsDueAt;
  }

  get(workflowId: string): Addressee | undefined {
    return this.#waiters.get(workflowId);
  }

  /** A job that asks again keeps its position. Jobs that join `first` skip the line, even a full one. */
  join({ workflowId, askedAt }: Addressee, { first }: { first: boolean }): void {
    const known = this.#waiters.get(workflowId);
    if (known) {
      if (known.askedAt !== askedAt) {
        known.askedAt = askedAt;
        this.tellAgain(workflowId);
      }
      return;
    }
    this.#newsDueAt = 0;
    if (first) {
      this.#waiters = new Map([[workflowId, { workflowId, askedAt }], ...this.#waiters]);
    } else if (this.#waiters.size < MAX_WAITING) {
      this.#waiters.set(workflowId, { workflowId, askedAt });
    }
  }

  leave(workflowId: string): void {
    this.#waiters.delete(workflowId);
  }

  /** Sets the reason for which jobs wait. */
  announce(answer: GateAnswer): void {
    const { number, answer: before } = this.#news;
    if (JSON.stringify(answer) !== JSON.stringify(before)) {
      this.#news = { number: number + 1, answer };
      this.#newsDueAt = 0;
    }
  }

  /** The reason, for at most `max` of the jobs that were not told yet. */
  takeNews(now: number, { max, timeScale }: { max: number; timeScale: number }): AnswerBatch | undefined {
    if (now < this.#newsDueAt) {
      return undefined;
    }
    const { number, answer } = this.#news;
    const jobs: Addressee[] = [];
    this.#newsDueAt = Number.POSITIVE_INFINITY;
    for (const waiter of this.#waiters.values()) {
      if (waiter.told !== number) {
        const tellAt = toTellAt(waiter, timeScale);
        if (tellAt > now || jobs.length === max) {
          this.#newsDueAt = Math.min(this.#newsDueAt, tellAt);
        } else {
          Object.assign(waiter, { told: number, toldAt: now, tellings: (waiter.tellings ?? 0) + 1 });
          jobs.push({ workflowId: waiter.workflowId, askedAt: waiter.askedAt });
        }
      }
    }
    return jobs.length > 0 ? { answer, jobs } : undefined;
  }

  /** The last news did not reach the job, or it has asked again. */
  tellAgain(workflowId: string): void {
    delete this.#waiters.get(workflowId)?.told;
    this.#newsDueAt = 0;
  }

  /** The clock was set back: no job may wait until it shows the earlier time again. */
  undoClockJump(now: number): void {
    this.#newsDueAt = 0;
    for (const waiter of this.#waiters.values()) {
      if (waiter.toldAt !== undefined && waiter.toldAt > now) {
        waiter.toldAt = now;
      }
    }
  }
}

/** When a waiting job may get the next news. */
function toTellAt({ toldAt, tellings = 0 }: Waiter, timeScale: number): number {
  return toldAt === undefined
    ? 0
    : toldAt + Math.min(FIRST_NEWS_INTERVAL_MS * 2 ** (tellings - 1), MAX_NEWS_INTERVAL_MS) * timeScale;
}
