import { expect, it } from 'vitest';
import { createDIdHarness } from '../harness/d-id-harness.ts';
import { startTestServer } from '../harness/temporal-server.ts';
import { mostTalksInFlight, PLACES, runSequences } from './fault-sequences.ts';

const SEED = 1;
const COUNT = 40;

it(`ends ${COUNT} jobs with random faults each in a video or a clear error, never paid twice, nothing left behind, at most ${PLACES} talks at a time`, async () => {
  await using server = await startTestServer();
  await using harness = await createDIdHarness({
    ...server,
    terms: { maxTalksInFlight: PLACES },
  });

  const results = await runSequences(harness, { seed: SEED, count: COUNT, atOnce: 10 });

  const wrong = results.filter(({ problems }) => problems.length > 0);
  const how = wrong.map(
    ({ seed, problems }) => `npm run faults -- --seed ${seed} --count 1: ${problems.join('; ')}`,
  );
  expect(how).toEqual([]);
  expect(mostTalksInFlight(results)).toBeLessThanOrEqual(PLACES);
  expect(results.reduce((sum, { faults }) => sum + faults, 0)).toBeGreaterThan(COUNT);
}, 600_000);
