import { describe, expect, it } from 'vitest';
import type { GateRequest, ProviderTerms } from '../../src/contracts/provider-gate.ts';
import { Breaker } from '../../src/workflows/remote-talk/breaker-state.ts';

const TERMS: ProviderTerms = { maxTalksInFlight: 2, talkTimeoutMs: 60_000, hasWebhook: false, timeScale: 1 };
const ask = (workflowId: string): GateRequest => ({ workflowId, leaseMs: 100_000, terms: TERMS });
const granted = (workflowId: string) => ({ workflowId, answer: { kind: 'granted' } });
const watched = (workflowId: string) => ({ workflowId, answer: { kind: 'granted', isWatched: true } });

describe('the breaker', () => {
  it('admits as many jobs as there are places, and the next one when one leaves', () => {
    const breaker = new Breaker();

    expect(breaker.ask(ask('a'), 0)).toEqual([granted('a')]);
    expect(breaker.ask(ask('b'), 0)).toEqual([granted('b')]);
    expect(breaker.ask(ask('c'), 0)).toEqual([{ workflowId: 'c', answer: { kind: 'held', reason: 'busy' } }]);
    expect(breaker.report({ workflowId: 'a', outcome: 'created' }, 1)).toEqual([]);
    expect(breaker.report({ workflowId: 'a', outcome: 'left' }, 2)).toEqual([granted('c')]);
  });

  it('gives a job that asks twice one place only', () => {
    const breaker = new Breaker();
    breaker.ask(ask('a'), 0);

    expect(breaker.ask(ask('a'), 1)).toEqual([granted('a')]);
    expect(Object.keys(breaker.snapshot.leases)).toEqual(['a']);
  });

  it('releases the place of a job that disappears', () => {
    const breaker = new Breaker();
    for (const job of ['a', 'b', 'c']) breaker.ask(ask(job), 0);

    expect(breaker.nextDueAt()).toBe(100_000);
    expect(breaker.settle(100_000)).toEqual([granted('c')]);
  });

  it('keeps the place of a job whose talk may exist although its creation failed', () => {
    const breaker = new Breaker();
    for (const job of ['a', 'b', 'c', 'd']) breaker.ask(ask(job), 0);

    expect(breaker.report({ workflowId: 'a', outcome: 'outage', mayHaveTalk: true }, 1)).toEqual([]);
    expect(breaker.ask(ask('a'), 2)).toEqual([watched('a')]);
    expect(breaker.report({ workflowId: 'a', outcome: 'outage' }, 3)).toEqual([watched('c')]);
  });

  it('uses such a job as the probe first, and keeps its place when the outage ends', () => {
    const breaker = new Breaker();
    for (const job of ['a', 'b', 'c']) breaker.ask(ask(job), 0);
    for (let time = 1; time <= 5; time += 1) {
      breaker.report({ workflowId: 'a', outcome: 'outage', mayHaveTalk: true }, time);
    }
    breaker.report({ workflowId: 'b', outcome: 'outage' }, 6);
    breaker.ask(ask('a'), 7);
    expect(breaker.settle(breaker.nextDueAt()!)[0]).toEqual(watched('a'));

    breaker.forget('a', 6_000);

    expect(Object.keys(breaker.snapshot.leases)).toEqual(['a']);
    expect(breaker.report({ workflowId: 'a', outcome: 'left' }, 6_001)).toEqual([]);
    expect(breaker.state.talksInFlight).toBe(0);
  });

  function failing(times: number): Breaker {
    const breaker = new Breaker();
    for (let time = 0; time < times; time += 1) {
      breaker.ask(ask(`f${time}`), time);
      breaker.report({ workflowId: `f${time}`, outcome: 'outage' }, time);
    }
    return breaker;
  }

  it('opens after five failures without a success, not after four', () => {
    expect(failing(4).ask(ask('a'), 10)).toEqual([watched('a')]);
    expect(failing(5).ask(ask('a'), 10)).toEqual([
      { workflowId: 'a', answer: { kind: 'held', reason: 'outage', until: new Date(5_004).toISOString() } },
    ]);
    const recovered = failing(4);
    recovered.ask(ask('good'), 5);
    recovered.report({ workflowId: 'good', outcome: 'created' }, 5);
    recovered.report({ workflowId: 'bad', outcome: 'outage' }, 6);
    expect(recovered.ask(ask('a'), 10)).toEqual([watched('a')]);
  });

  it('lets one probe through at growing intervals, and every job when one succeeds', () => {
    const breaker = failing(5);
    breaker.ask(ask('a'), 10);
    breaker.ask(ask('b'), 10);
    expect(breaker.nextDueAt()).toBe(5_004);

    expect(breaker.settle(5_004)[0]).toEqual(watched('a'));
    const told = breaker.report({ workflowId: 'a', outcome: 'outage' }, 6_000);
    expect(told).toEqual([
      { workflowId: 'b', answer: { kind: 'held', reason: 'outage', until: new Date(16_000).toISOString() } },
    ]);
    breaker.ask(ask('a'), 6_001);
    expect(breaker.settle(16_000)[0]).toEqual(watched('b'));
    expect(breaker.report({ workflowId: 'b', outcome: 'created' }, 16_100)).toEqual([granted('a')]);
  });

  it('opens with the first 402, and says that credits are missing', () => {
    const breaker = new Breaker();
    breaker.ask(ask('a'), 0);
    breaker.report({ workflowId: 'a', outcome: 'credits' }, 0);

    expect(breaker.ask(ask('b'), 1)).toEqual([
      { workflowId: 'b', answer: { kind: 'held', reason: 'credits', until: new Date(15_000).toISOString() } },
    ]);
  });

  it('uses another probe if the first one disappears', () => {
    const breaker = failing(5);
    for (const job of ['a', 'b']) breaker.ask(ask(job), 10);
    breaker.settle(5_004);

    breaker.report({ workflowId: 'a', outcome: 'left' }, 5_100);

    expect(breaker.settle(breaker.nextDueAt()!)[0]).toEqual(watched('b'));
  });

  it('averages the duration of talks, with a weight of a fifth for the newest', () => {
    const breaker = new Breaker();
    for (const talkMsPerVoiceS of [1_000, 2_000]) {
      breaker.ask(ask('a'), 0);
      breaker.report({ workflowId: 'a', outcome: 'left', talkMsPerVoiceS }, 0);
    }

    expect(breaker.ask(ask('b'), 0)[0]?.answer).toEqual({ kind: 'granted', talkMsPerVoiceS: 1_200 });
  });

  it('continues after its state was serialized as JSON', () => {
    const breaker = failing(5);
    breaker.ask(ask('a'), 10);

    const next = new Breaker(JSON.parse(JSON.stringify(breaker.snapshot)));

    expect(next.settle(5_004)).toEqual([watched('a')]);
  });
});
