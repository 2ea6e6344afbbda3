import { expect, it } from 'vitest';
import type { AnswerBatch, ProviderTerms } from '../../src/contracts/provider-gate.ts';
import { Breaker } from '../../src/workflows/remote-talk/breaker-state.ts';

const TERMS: ProviderTerms = {
  maxTalksInFlight: 10,
  talkTimeoutMs: 30 * 60_000,
  hasWebhook: false,
  timeScale: 1,
};
const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
/** Temporal's limit for one payload, in which a run hands its state to the next, is 2 MB. */
const MAX_SNAPSHOT_BYTES = 1_000_000;
const MAX_BATCH = 500;
const RUN_MS = 30 * MINUTE_MS;

/** A breaker and its jobs, in time that is not real. A run of the breaker hands its state to the next after `RUN_MS`. */
class Line {
  now = 1_764_550_000_000;
  /** Answers that each job got. */
  readonly told = new Map<string, number>();
  readonly inFlight = new Map<string, number>();
  mostInBatch = 0;
  mostInFlight = 0;
  maxSnapshotBytes = 0;
  isOut = false;
  readonly talkMs: number;
  #breaker = new Breaker();
  #jobs = 0;
  #handedOnAt = 0;

  constructor(talkMs: number) {
    this.talkMs = talkMs;
  }

  get state() {
    return this.#breaker.state;
  }

  ask(count: number): void {
    for (let left = count; left > 0; left -= 1) {
      this.#jobs += 1;
      // As long as real ones.
      this.#ask(`video/00000000-0000-4000-8000-${String(this.#jobs).padStart(12, '0')}`);
    }
  }

  /** Lets this time pass. */
  pass(ms: number, stepMs: number): void {
    for (const end = this.now + ms; this.now < end; ) {
      this.now += stepMs;
      for (const [workflowId, readyAt] of this.inFlight) {
        if (readyAt <= this.now) {
          this.inFlight.delete(workflowId);
          this.#breaker.receive({ kind: 'report', workflowId, outcome: 'left' }, this.now);
        }
      }
      this.#tell();
    }
  }

  #ask(workflowId: string): void {
    this.#breaker.receive({ kind: 'ask', workflowId, askedAt: this.now, terms: TERMS }, this.now);
  }

  #tell(): void {
    for (let batch = this.#next(); batch; batch = this.#next()) {
      this.mostInBatch = Math.max(this.mostInBatch, batch.jobs.length);
      for (const { workflowId } of batch.jobs) {
        this.told.set(workflowId, (this.told.get(workflowId) ?? 0) + 1);
        if (batch.answer.kind === 'granted') this.#start(workflowId);
      }
    }
    if (this.now - this.#handedOnAt >= RUN_MS) {
      this.#handedOnAt = this.now;
      const snapshot = JSON.stringify(this.#breaker.snapshot);
      this.maxSnapshotBytes = Math.max(this.maxSnapshotBytes, snapshot.length);
      this.#breaker = new Breaker(JSON.parse(snapshot));
    }
  }

  #next(): AnswerBatch | undefined {
    this.#breaker.settle(this.now);
    return this.#breaker.takeGrants() ?? this.#breaker.takeNews(this.now);
  }

  #start(workflowId: string): void {
    if (this.isOut) {
      this.#breaker.receive({ kind: 'report', workflowId, outcome: 'outage' }, this.now);
      this.#ask(workflowId);
    } else {
      this.#breaker.receive({ kind: 'report', workflowId, outcome: 'created' }, this.now);
      this.inFlight.set(workflowId, this.now + this.talkMs);
      this.mostInFlight = Math.max(this.mostInFlight, this.inFlight.size);
    }
  }
}

it('tells 5,000 jobs that wait for a day of outage about it some fifty times each, and then serves them all', () => {
  const line = new Line(5 * SECOND_MS);
  line.isOut = true;
  line.ask(5_000);

  line.pass(24 * HOUR_MS, 5 * SECOND_MS);

  expect(line.state).toMatchObject({ talksInFlight: 0, waiting: 5_000, hold: { reason: 'outage' } });
  expect(Math.max(...line.told.values())).toBeLessThan(60);
  expect(line.maxSnapshotBytes).toBeLessThan(MAX_SNAPSHOT_BYTES);
  expect(line.mostInBatch).toBe(MAX_BATCH);
  line.isOut = false;
  line.pass(HOUR_MS + (5_000 / TERMS.maxTalksInFlight) * 6 * SECOND_MS, SECOND_MS);
  expect(line.state).toEqual({ talksInFlight: 0, waiting: 0 });
  expect(line.mostInFlight).toBe(TERMS.maxTalksInFlight);
});

it('serves 100 jobs a second for an hour', () => {
  const line = new Line(90);
  for (let passed = 0; passed < HOUR_MS; passed += 100) {
    line.ask(10);
    line.pass(100, 50);
  }

  const asked = 3_600 * 100;
  expect(line.told.size).toBe(asked);
  expect(line.state.waiting).toBeLessThan(100);
  // Answers are not repeated: some jobs wait for a moment, and each gets a place once.
  const answers = [...line.told.values()].reduce((sum, count) => sum + count, 0);
  expect(answers).toBeLessThan(2.1 * asked);
  expect(line.maxSnapshotBytes).toBeLessThan(MAX_SNAPSHOT_BYTES / 10);
});

it('keeps what a run hands to the next within the limits of Temporal, however many jobs ask', () => {
  const line = new Line(HOUR_MS);
  line.ask(30_000);

  line.pass(RUN_MS, SECOND_MS);

  expect(line.state).toEqual({ talksInFlight: 10, waiting: 9_990 });
  expect(line.maxSnapshotBytes).toBeLessThan(1.5 * MAX_SNAPSHOT_BYTES);
});

it('tells a waiting job less and less often while the provider fails every other minute', () => {
  const line = new Line(30 * SECOND_MS);
  line.ask(2_000);
  for (let minute = 0; minute < 8 * 60; minute += 1) {
    line.isOut = minute % 2 === 1;
    // As many as leave.
    line.ask(20);
    line.pass(MINUTE_MS, 5 * SECOND_MS);
  }

  expect(Math.max(...line.told.values())).toBeLessThan(80);
});
