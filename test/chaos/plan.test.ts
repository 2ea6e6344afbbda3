import { expect, it } from 'vitest';
import { laneOf, makePlan, type PlanOptions } from './plan.ts';

const OPTIONS: PlanOptions = {
  seed: 1,
  jobs: 500,
  kills: 200,
  outages: 50,
  longestOutageMs: 60_000,
  store: 's3',
  hasDisk: true,
};

it('the same seed gives the same plan, and another seed another', () => {
  expect(makePlan(OPTIONS)).toEqual(makePlan(OPTIONS));
  expect(makePlan({ ...OPTIONS, seed: 2 }).faults).not.toEqual(makePlan(OPTIONS).faults);
  expect(makePlan({ ...OPTIONS, seed: 2 }).jobs).not.toEqual(makePlan(OPTIONS).jobs);
});

it('has jobs and faults of every kind', () => {
  const { jobs, faults } = makePlan(OPTIONS);

  expect(jobs).toHaveLength(500);
  const seen = {
    provider: new Set(jobs.map(({ provider }) => provider)),
    badInput: new Set(jobs.map(({ badInput }) => badInput)),
    action: new Set(jobs.map(({ action }) => action?.kind)),
    webhook: new Set(jobs.map(({ webhook }) => webhook)),
    onOutage: new Set(jobs.map(({ onOutage }) => onOutage)),
    readers: new Set(jobs.flatMap(({ readers }) => readers.map(({ kind }) => kind))),
  };
  expect(seen).toEqual({
    provider: new Set(['local', 'd-id']),
    badInput: new Set([undefined, 'silent voice', 'no person']),
    action: new Set([undefined, 'cancel', 'erase']),
    webhook: new Set([undefined, 'end', 'all']),
    onOutage: new Set(['wait', 'local', 'fail']),
    readers: new Set(['sse', 'websocket', 'merged']),
  });
  const contents = jobs.map(({ content }) => JSON.stringify(content));
  expect(new Set(contents).size).toBeLessThan(contents.length * 0.75);
  expect(jobs.filter(({ isTwin }) => isTwin).length).toBeGreaterThan(50);

  const kills = faults.filter(({ kind }) => kind === 'kill');
  expect(kills).toHaveLength(200);
  const victims = kills.map((fault) => fault.kind === 'kill' && fault.victim);
  expect(new Set(victims)).toEqual(new Set(['slot', 'io', 'gpu', 'api', 'temporal']));
  expect(faults.filter((fault) => laneOf(fault) === 'outage of store')).toHaveLength(50);
  expect(new Set(faults.map(laneOf))).toEqual(
    new Set(['kill', 'stop', 'outage of store', 'outage of d-id', 'outage of temporal', 'full disk']),
  );
  const longest = faults.filter((fault) => 'ms' in fault && fault.ms === 60_000);
  expect(longest).toHaveLength(1);
});

it('stops processes for longer than the heartbeat of an activity lasts', () => {
  const stops = makePlan(OPTIONS).faults.flatMap((fault) => (fault.kind === 'stop' ? [fault.ms] : []));
  expect(Math.min(...stops)).toBeGreaterThan(5_000);
});
