import { describe, expect, it } from 'vitest';
import type {
  GateAnswer,
  GateReport,
  GateRequest,
  ProviderTerms,
} from '../../src/contracts/provider-gate.ts';
import { Breaker } from '../../src/workflows/remote-talk/breaker-state.ts';

const TERMS: ProviderTerms = { maxTalksInFlight: 2, talkTimeoutMs: 60_000, hasWebhook: false, timeScale: 1 };
/** The timeout of a talk and five minutes. */
const LEASE_MS = 360_000;
const MINUTE_MS = 60_000;
const IDLE = { news: false, checks: false, looks: false };

const ask = (workflowId: string, askedAt = 0): GateRequest => ({
  kind: 'ask',
  workflowId,
  askedAt,
  terms: TERMS,
});
const report = (workflowId: string, outcome: GateReport['outcome'], more: Partial<GateReport> = {}) =>
  ({ kind: 'report', workflowId, outcome, ...more }) satisfies GateReport;
const granted = (workflowId: string) => ({ workflowId, answer: { kind: 'granted' } });
const watched = (workflowId: string) => ({ workflowId, answer: { kind: 'granted', isWatched: true } });
const held = (workflowId: string, reason: string, untilMs?: number) => ({
  workflowId,
  answer: {
    kind: 'held',
    reason,
    ...(untilMs !== undefined && { until: new Date(untilMs).toISOString() }),
  },
});

/** What jobs receive after this message. */
function receive(breaker: Breaker, message: GateRequest | GateReport, now: number) {
  breaker.receive(message, now);
  return answers(breaker, now);
}

function answers(breaker: Breaker, now: number): Array<{ workflowId: string; answer: GateAnswer }> {
  breaker.settle(now);
  return [breaker.takeGrants(), breaker.takeNews(now)].flatMap((batch) =>
    batch ? batch.jobs.map(({ workflowId }) => ({ workflowId, answer: batch.answer })) : [],
  );
}

const holders = (breaker: Breaker) => Object.keys(breaker.snapshot.leases);

describe('the breaker', () => {
  it('admits as many jobs as there are places, and the next one when one leaves', () => {
    const breaker = new Breaker();

    expect(receive(breaker, ask('a'), 0)).toEqual([granted('a')]);
    expect(receive(breaker, ask('b'), 0)).toEqual([granted('b')]);
    expect(receive(breaker, ask('c'), 0)).toEqual([held('c', 'busy')]);
    expect(receive(breaker, report('a', 'created'), 1)).toEqual([]);
    expect(receive(breaker, report('a', 'left'), 2)).toEqual([granted('c')]);
  });

  it('gives a job that asks twice one place only', () => {
    const breaker = new Breaker();
    receive(breaker, ask('a'), 0);

    expect(receive(breaker, ask('a'), 1)).toEqual([granted('a')]);
    expect(holders(breaker)).toEqual(['a']);
  });

  it('tells a job once why it waits, although it asks again', () => {
    const breaker = new Breaker();
    for (const job of ['a', 'b', 'c']) receive(breaker, ask(job), 0);

    expect(receive(breaker, ask('c'), 30_000)).toEqual([]);
    expect(breaker.state).toMatchObject({ talksInFlight: 2, waiting: 1 });
  });

  it('keeps the place of a job whose talk may exist although its creation failed', () => {
    const breaker = new Breaker();
    for (const job of ['a', 'b', 'c', 'd']) receive(breaker, ask(job), 0);

    expect(receive(breaker, report('a', 'outage', { mayHaveTalk: true }), 1)).toEqual([]);
    expect(receive(breaker, ask('a', 2), 2)).toEqual([watched('a')]);
    expect(receive(breaker, report('a', 'outage'), 3)).toEqual([watched('c')]);
  });

  it('uses such a job as the probe first, and keeps its place when the outage ends', () => {
    const breaker = new Breaker();
    for (const job of ['a', 'b', 'c']) receive(breaker, ask(job), 0);
    for (let time = 1; time <= 5; time += 1) {
      receive(breaker, report('a', 'outage', { mayHaveTalk: true }), time);
    }
    receive(breaker, report('b', 'outage'), 5);
    receive(breaker, ask('a', 7), 7);
    expect(answers(breaker, 5_005)[0]).toEqual(watched('a'));

    receive(breaker, report('a', 'created', { mayHaveTalk: true }), 6_000);

    expect(holders(breaker)).toContain('a');
    receive(breaker, report('a', 'left'), 6_001);
    expect(holders(breaker)).toEqual(['c']);
  });

  function failing(times: number): Breaker {
    const breaker = new Breaker();
    for (let time = 0; time < times; time += 1) {
      receive(breaker, ask(`f${time}`), time);
      receive(breaker, report(`f${time}`, 'outage'), time);
    }
    return breaker;
  }

  it('opens after five failures without a success, not after four', () => {
    expect(receive(failing(4), ask('a'), 10)).toEqual([watched('a')]);
    expect(receive(failing(5), ask('a'), 10)).toEqual([held('a', 'outage', 5_004)]);
    const recovered = failing(4);
    receive(recovered, ask('good'), 5);
    receive(recovered, report('good', 'created'), 5);
    receive(recovered, report('bad', 'outage'), 6);
    expect(receive(recovered, ask('a'), 10)).toEqual([watched('a')]);
  });

  it('lets one probe through at growing intervals, and every job when one succeeds', () => {
    const breaker = failing(5);
    receive(breaker, ask('a'), 10);
    receive(breaker, ask('b'), 10);
    expect(breaker.nextDueAt(IDLE)).toBe(5_004);

    expect(answers(breaker, 5_004)).toEqual([watched('a')]);
    expect(receive(breaker, report('a', 'outage'), 6_000)).toEqual([held('b', 'outage', 16_000)]);
    receive(breaker, ask('a', 6_001), 6_001);
    expect(answers(breaker, 16_000)).toEqual([watched('b')]);
    expect(receive(breaker, report('b', 'created'), 16_100)).toEqual([granted('a')]);
  });

  it('opens with the first 402, and says that credits are missing', () => {
    const breaker = new Breaker();
    receive(breaker, ask('a'), 0);
    receive(breaker, report('a', 'credits'), 0);

    expect(receive(breaker, ask('b'), 1)).toEqual([held('b', 'credits', 15_000)]);
  });

  it('uses another probe if the first one gives up', () => {
    const breaker = failing(5);
    for (const job of ['a', 'b']) receive(breaker, ask(job), 10);
    answers(breaker, 5_004);

    expect(receive(breaker, report('a', 'left'), 5_100)).toEqual([watched('b')]);
  });

  it('averages the duration of talks, with a weight of a fifth for the newest', () => {
    const breaker = new Breaker();
    for (const talkMsPerVoiceS of [1_000, 2_000]) {
      receive(breaker, ask('a'), 0);
      receive(breaker, report('a', 'left', { talkMsPerVoiceS }), 0);
    }

    expect(receive(breaker, ask('b'), 0)[0]?.answer).toEqual({ kind: 'granted', talkMsPerVoiceS: 1_200 });
  });

  it('continues after its state was serialized as JSON, with what it has not sent yet', () => {
    const breaker = new Breaker();
    for (const job of ['a', 'b', 'c', 'd']) breaker.receive(ask(job), 0);
    breaker.settle(0);

    const next = new Breaker(JSON.parse(JSON.stringify(breaker.snapshot)));

    expect(answers(next, 1)).toEqual([granted('a'), granted('b'), held('c', 'busy'), held('d', 'busy')]);
    expect(answers(new Breaker(next.snapshot), 2)).toEqual([]);
  });

  it('sets no timer for a probe while all places are taken', () => {
    const breaker = new Breaker();
    for (const job of ['a', 'b', 'c']) receive(breaker, ask(job), 0);
    for (const job of ['a', 'b', 'a', 'b', 'a']) {
      receive(breaker, report(job, 'outage', { mayHaveTalk: true }), 1);
    }

    answers(breaker, 10_000);

    expect(breaker.nextDueAt(IDLE)).toBe(MINUTE_MS);
  });
});

describe('a job that fails alone', () => {
  function failingAlone(more: Partial<GateReport> = {}): Breaker {
    const breaker = new Breaker();
    for (let time = 0; time < 5; time += 1) {
      receive(breaker, ask('bad', time), time);
      receive(breaker, report('bad', 'outage', more), time);
    }
    return breaker;
  }

  it.each([
    ['nothing came of its orders', {}],
    ['its talk may exist', { mayHaveTalk: true }],
  ])('is held, and no other job is, if %s', (_, more) => {
    const breaker = failingAlone(more);

    expect(receive(breaker, ask('bad', 5), 5)).toEqual([held('bad', 'outage', 5_004)]);
    expect(receive(breaker, ask('a', 6), 6)).toEqual([watched('a')]);
    expect(breaker.state.hold).toBeUndefined();
    expect(answers(breaker, 5_004)).toEqual([watched('bad')]);
  });

  it('does not tell jobs that wait for a place that the provider is out', () => {
    const breaker = new Breaker();
    for (const job of ['a', 'b']) receive(breaker, ask(job), 0);
    for (let time = 1; time <= 5; time += 1) receive(breaker, report('bad', 'outage'), time);
    receive(breaker, ask('bad', 6), 6);

    expect(receive(breaker, ask('c', 7), 7)).toContainEqual(held('c', 'busy'));
    expect(receive(breaker, report('a', 'left'), 8)).toContainEqual(watched('c'));
  });

  it('is tried less and less often, like a provider that is out', () => {
    const breaker = failingAlone();
    receive(breaker, ask('bad', 5), 5);
    expect(answers(breaker, 5_004)).toEqual([watched('bad')]);

    receive(breaker, report('bad', 'outage'), 6_000);

    expect(receive(breaker, ask('bad', 6_001), 6_001)).toEqual([held('bad', 'outage', 16_000)]);
  });

  it('holds the others too from the moment that another one fails', () => {
    const breaker = failingAlone();
    receive(breaker, ask('a', 6), 6);

    receive(breaker, report('a', 'outage'), 7);

    expect(receive(breaker, ask('b', 8), 8)).toEqual([held('b', 'outage', 5_007)]);
    expect(breaker.state.hold?.reason).toBe('outage');
  });

  it('is no probe while another one waits, even if its talk may exist', () => {
    const breaker = new Breaker();
    for (let time = 0; time < 4; time += 1) receive(breaker, report(`x${time}`, 'outage'), time);
    receive(breaker, ask('bad', 4), 4);
    receive(breaker, report('bad', 'outage', { mayHaveTalk: true }), 4);
    for (const job of ['a', 'bad']) receive(breaker, ask(job, 5), 5);

    expect(answers(breaker, 5_004)).toEqual([watched('a')]);
    expect(receive(breaker, report('a', 'created'), 5_005)).toEqual([granted('bad')]);
  });
});

describe('a long outage', () => {
  /** The breaker after this many probes that failed, each as soon as it was due. */
  function probed(times: number): { breaker: Breaker; now: number } {
    const breaker = new Breaker();
    let now = 0;
    for (let failures = 0; failures < 5; failures += 1) {
      receive(breaker, report(`x${failures}`, 'outage'), now);
    }
    receive(breaker, ask('a', now), now);
    for (let probes = 0; probes < times; probes += 1) {
      now = Date.parse(breaker.state.hold!.until);
      expect(answers(breaker, now)).toEqual([watched('a')]);
      receive(breaker, report('a', 'outage'), now);
      receive(breaker, ask('a', now), now);
    }
    return { breaker, now };
  }

  it('is probed after a sixth of its length at most, and some 35 times a day', () => {
    const at = Array.from({ length: 36 }, (_, times) => probed(times + 1).now);

    expect(at.slice(0, 7)).toEqual([5, 15, 35, 75, 155, 315, 615].map((seconds) => seconds * 1_000));
    for (const [index, now] of at.slice(7).entries()) {
      expect(now - at[index + 6]!).toBeLessThanOrEqual(at[index + 6]! / 6 + 5 * MINUTE_MS);
    }
    expect(at[30]).toBeLessThan(24 * 60 * MINUTE_MS);
    expect(at[35]).toBeGreaterThan(24 * 60 * MINUTE_MS);
  });

  it('is seen to be over within five minutes if the account can be read again', () => {
    const { breaker, now } = probed(20);
    const look = now + 5 * MINUTE_MS;
    expect(Date.parse(breaker.state.hold!.until) - now).toBeGreaterThan(10 * MINUTE_MS);
    expect(breaker.isLookDue(now)).toBe(true);
    breaker.look(false, now);
    expect(breaker.nextDueAt(IDLE)).toBe(look);

    breaker.look(true, look);

    expect(answers(breaker, look)).toEqual([watched('a')]);
  });

  it('is not probed more often because the account can be read all the time', () => {
    const { breaker, now } = probed(20);

    for (let minutes = 5; now + minutes * MINUTE_MS < Date.parse(breaker.state.hold!.until); minutes += 5) {
      breaker.look(true, now + minutes * MINUTE_MS);
      expect(answers(breaker, now + minutes * MINUTE_MS)).toEqual([]);
    }
  });

  it('does not read the account while probes are as frequent, or no job waits', () => {
    const { breaker, now } = probed(3);
    expect(breaker.isLookDue(now + 60 * MINUTE_MS)).toBe(false);
    const long = probed(20);
    receive(long.breaker, report('a', 'left'), long.now);
    expect(long.breaker.nextDueAt(IDLE)).toBeUndefined();
  });
});

describe('a job that the breaker cannot reach', () => {
  it('loses its place to the next one if it has ended', () => {
    const breaker = new Breaker();
    for (const job of ['a', 'b', 'c']) breaker.receive(ask(job), 0);
    breaker.settle(0);
    const batch = breaker.takeGrants()!;

    breaker.deliver(batch, { gone: ['a'], unreached: [] }, 1);

    expect(answers(breaker, 1)).toEqual([granted('c')]);
    expect(holders(breaker)).toEqual(['b', 'c']);
  });

  it('keeps a place that it was given later, when an old answer turns out not to have arrived', () => {
    const breaker = new Breaker();
    breaker.receive(ask('a', 1), 0);
    breaker.settle(0);
    const batch = breaker.takeGrants()!;
    receive(breaker, report('a', 'left'), 1);
    receive(breaker, ask('a', 2), 2);

    breaker.deliver(batch, { gone: ['a'], unreached: [] }, 3);

    expect(holders(breaker)).toEqual(['a']);
  });

  it('is sent its answer again if the server did not respond', () => {
    const breaker = new Breaker();
    for (const job of ['a', 'b', 'c']) breaker.receive(ask(job), 0);
    breaker.settle(0);
    breaker.deliver(breaker.takeGrants()!, { gone: [], unreached: ['b'] }, 1);
    breaker.deliver(breaker.takeNews(1)!, { gone: [], unreached: ['c'] }, 1);

    expect(answers(breaker, 2)).toEqual([granted('b')]);
    expect(answers(breaker, breaker.nextDueAt(IDLE)!)).toEqual([held('c', 'busy')]);
  });
});

describe('a job with a place that does not report', () => {
  it('is looked up every minute while others wait, and loses the place if it has ended', () => {
    const breaker = new Breaker();
    for (const job of ['a', 'b']) receive(breaker, ask(job), 0);
    expect(breaker.nextDueAt(IDLE)).toBeUndefined();
    receive(breaker, ask('c'), 10);
    expect(breaker.nextDueAt(IDLE)).toBe(MINUTE_MS);

    expect(breaker.takeChecks(MINUTE_MS)).toEqual(['a', 'b']);
    breaker.confirm(['a', 'b'], ['b'], MINUTE_MS);

    expect(answers(breaker, MINUTE_MS)).toEqual([granted('c')]);
    expect(holders(breaker)).toEqual(['a', 'c']);
    receive(breaker, ask('d'), MINUTE_MS);
    expect(breaker.nextDueAt(IDLE)).toBe(2 * MINUTE_MS);
  });

  it('keeps the place while the provider may work on its talk, but not for ever', () => {
    const breaker = new Breaker();
    for (const job of ['a', 'b', 'c']) receive(breaker, ask(job), 0);
    receive(breaker, report('a', 'left', { mayHaveTalk: true }), 1);

    breaker.confirm(breaker.takeChecks(MINUTE_MS), ['a'], MINUTE_MS);
    expect(answers(breaker, MINUTE_MS)).toEqual([]);
    breaker.confirm(breaker.takeChecks(LEASE_MS), ['a'], LEASE_MS);

    expect(answers(breaker, LEASE_MS)).toEqual([granted('c')]);
  });

  function probing(more: Partial<GateReport> = {}): Breaker {
    const breaker = new Breaker();
    receive(breaker, ask('a'), 0);
    for (let failures = 0; failures < 4; failures += 1) {
      receive(breaker, report('a', 'outage', more), 0);
    }
    receive(breaker, report('x', 'outage'), 0);
    for (const job of ['a', 'b']) receive(breaker, ask(job, 1), 1);
    expect(answers(breaker, 5_000)).toContainEqual(watched('a'));
    return breaker;
  }

  it('is looked up after a minute if it is the probe, and another job probes at once if it has ended', () => {
    const breaker = probing();
    const at = 5_000 + MINUTE_MS;
    expect(breaker.nextDueAt(IDLE)).toBe(at);

    breaker.confirm(breaker.takeChecks(at), ['a'], at);

    expect(answers(breaker, at)).toEqual([watched('b')]);
    expect(holders(breaker)).toEqual(['b']);
  });

  it('stays the probe for five minutes if its workflow runs', () => {
    const breaker = probing();
    for (let minute = 1; minute < 5; minute += 1) {
      const at = 5_000 + minute * MINUTE_MS;
      breaker.confirm(breaker.takeChecks(at), [], at);
      expect(answers(breaker, at)).toEqual([]);
    }
    const at = 5_000 + 5 * MINUTE_MS;

    breaker.confirm(breaker.takeChecks(at), [], at);

    expect(answers(breaker, at)).toEqual([watched('b')]);
    expect(holders(breaker)).toEqual(['a', 'b']);
  });

  it('keeps its place until the lease expires if its talk may exist, but not the probe', () => {
    const breaker = probing({ mayHaveTalk: true });
    const at = 5_000 + MINUTE_MS;

    breaker.confirm(breaker.takeChecks(at), ['a'], at);

    expect(answers(breaker, at)).toEqual([watched('b')]);
    expect(holders(breaker)).toEqual(['a', 'b']);
    receive(breaker, report('b', 'left'), at + 1);
    const end = 5_000 + LEASE_MS;
    for (const job of ['c', 'd']) receive(breaker, ask(job, end), end);
    expect(breaker.takeChecks(end)).toEqual(['a']);
    breaker.confirm(['a'], ['a'], end);
    expect(holders(breaker)).not.toContain('a');
  });
});

describe('a wall clock that jumps by an hour', () => {
  const HOUR_MS = 60 * MINUTE_MS;

  it('takes no place from a job that runs when it is set forward', () => {
    const breaker = new Breaker();
    for (const job of ['a', 'b', 'c']) receive(breaker, ask(job), 0);

    expect(answers(breaker, HOUR_MS)).toEqual([]);
    breaker.confirm(breaker.takeChecks(HOUR_MS), [], HOUR_MS);

    expect(answers(breaker, HOUR_MS)).toEqual([]);
    expect(holders(breaker)).toEqual(['a', 'b']);
  });

  it('holds no job for longer than the interval between probes when it is set back', () => {
    const breaker = new Breaker();
    const now = 10 * HOUR_MS;
    for (let failures = 0; failures < 5; failures += 1) {
      receive(breaker, report(`x${failures}`, 'outage'), now);
    }
    receive(breaker, ask('a', now), now);
    const past = now - HOUR_MS;

    answers(breaker, past);

    expect(breaker.state.hold?.until).toBe(new Date(past + 5_000).toISOString());
    expect(answers(breaker, past + 5_000)).toEqual([watched('a')]);
  });

  it('looks up holders of places in time when it is set back', () => {
    const breaker = new Breaker();
    const now = 10 * HOUR_MS;
    for (const job of ['a', 'b', 'c']) receive(breaker, ask(job, now), now);
    const past = now - HOUR_MS;

    answers(breaker, past);

    expect(breaker.nextDueAt(IDLE)).toBe(past + MINUTE_MS);
  });
});
