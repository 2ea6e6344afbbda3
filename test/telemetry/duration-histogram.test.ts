import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { DurationHistogram } from '../../src/telemetry/metrics/duration-histogram.ts';
import { parseMetrics } from '../harness/metric-lines.ts';

const open = (buckets = [1, 10]) => new DurationHistogram({ name: 'took_seconds', help: 'Time', buckets });

async function render(histogram: DurationHistogram) {
  const registry = new Registry();
  registry.registerMetric(histogram.asMetric());
  return Object.fromEntries(parseMetrics(await registry.metrics()));
}

it('counts into cumulative buckets whose bounds belong to them', async () => {
  const histogram = open();
  for (const seconds of [0.5, 1, 4, 11]) {
    histogram.observe({ outcome: 'completed' }, seconds);
  }

  expect(await render(histogram)).toEqual({
    'took_seconds_bucket{le="1",outcome="completed"}': 2,
    'took_seconds_bucket{le="10",outcome="completed"}': 3,
    'took_seconds_bucket{le="+Inf",outcome="completed"}': 4,
    'took_seconds_sum{outcome="completed"}': 16.5,
    'took_seconds_count{outcome="completed"}': 4,
  });
});

it('goes on from what was kept', async () => {
  const before = open();
  before.observe({ outcome: 'failed' }, 2);
  const after = open();

  expect(after.restore(JSON.parse(JSON.stringify(before.snapshot)))).toBe(true);
  after.observe({ outcome: 'failed' }, 3);

  expect(await render(after)).toMatchObject({ 'took_seconds_sum{outcome="failed"}': 5 });
});

it('leaves what was counted into other buckets', () => {
  const before = open([1, 2, 3]);
  before.observe({}, 1);
  expect(open().restore(before.snapshot)).toBe(false);
});
