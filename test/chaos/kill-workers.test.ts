import { expect, it } from 'vitest';
import { killWorkers } from './kill-workers.ts';

// `node scripts/chaos.ts` kills more of them, over 50 jobs.
it('makes and pays one video for each job while workers are killed with SIGKILL', async () => {
  const { videos, paidTalks, kills, errors } = await killWorkers({ jobs: 12, kills: 4, seed: 1 });

  expect(errors).toEqual([]);
  expect({ videos, paidTalks }).toEqual({ videos: 12, paidTalks: 12 });
  expect(kills).toBe(4);
}, 240_000);
