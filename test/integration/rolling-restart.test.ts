import { expect, it } from 'vitest';
import { rollingRestart } from './rolling-restart.ts';

it('loses no job when a process of each role is restarted under load (npm run rolling-restart: all of them, 100 jobs)', async () => {
  const { failures, videos, restarts } = await rollingRestart({ jobs: 8, restartsOfEach: 1 });

  expect(failures).toEqual([]);
  expect(videos).toBeGreaterThanOrEqual(8);
  expect(restarts.map(({ role, exitCode }) => ({ role, exitCode }))).toEqual([
    { role: 'api', exitCode: 0 },
    { role: 'io', exitCode: 0 },
    { role: 'gpu', exitCode: 0 },
  ]);
}, 400_000);
