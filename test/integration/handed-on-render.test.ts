import { expect, it } from 'vitest';
import { handOnRender } from './handed-on-render.ts';

it('makes one video of a render that more workers hand on than a job has attempts, and goes on from its last part each time', async () => {
  const { result, starts, storedTwice } = await handOnRender({ restarts: 5, voiceS: 60, graceS: 0.5 });

  expect(result).toMatchObject({ success: true, metadata: { video: { duration_s: expect.closeTo(60, 0) } } });
  expect(starts).toHaveLength(5);
  expect(starts.filter(({ storedFrames, firstFrame }) => firstFrame < storedFrames)).toEqual([]);
  expect(storedTwice).toEqual([]);
}, 300_000);
