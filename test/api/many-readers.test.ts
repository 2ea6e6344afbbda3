import { expect, it } from 'vitest';
import { PHOTO, VOICE } from '../harness/api/job-form-data.ts';
import { startTestPipeline } from '../harness/api/test-pipeline.ts';
import { readByMany, submitMany } from './many-readers.ts';

const { api, worker } = await startTestPipeline({ access: { rate: { perS: 1e6, burst: 1e6 } } });

/** `npm run prove:readers` is the same with a thousand readers on fifty tasks, for ten minutes. */
it('sends 100 readers of 5 tasks that reconnect 5 times every event once and in order', async () => {
  using held = worker.hold('renderTalk');
  const [image, audio] = [PHOTO, VOICE].map((bytes) => new Blob([new Uint8Array(bytes)]));
  const taskIds = await submitMany(api.url, 5, { image: image!, audio: audio! });
  const reading = readByMany({ url: api.url, taskIds, readers: 100, cuts: 5, seed: 20_261_125 });
  await expect.poll(held.reached, { timeout: 30_000 }).toBe(5);
  // One long poll for each task, however many read.
  await expect.poll(() => api.hub.watching, { timeout: 10_000 }).toBeLessThanOrEqual(5);
  held.release();

  const { faults, resumed } = await reading;

  expect(faults).toEqual([]);
  expect(resumed).toBeGreaterThan(300);
  await expect.poll(() => api.hub.readers, { timeout: 10_000 }).toBe(0);
}, 90_000);
