import { setTimeout as sleep } from 'node:timers/promises';
import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, it } from 'vitest';
import { createCacheActivities } from '../../src/activities/content-cache.ts';
import { createContentCache } from '../../src/storage/content-cache.ts';
import { createStore } from '../harness/storage/temporary-store.ts';

it('forgets what a preview cached, unless a task has used it since', async () => {
  const { store } = await createStore();
  const cache = createContentCache({ store });
  const producerVersions = { detector: 'detector 1', matting: 'matting 1', videos: {} };
  const activities = createCacheActivities({ store, cache, producerVersions, signals: {} as never });
  const run = <Arg, R>(activity: (arg: Arg) => Promise<R>, arg: Arg): Promise<R> =>
    new MockActivityEnvironment().run(activity, arg);
  const photo = (letter: string) => ({
    photoSha256: letter.repeat(64),
    confThreshold: 0.5,
    turnedKey: 'temp/turned.png',
  });
  const result = { widthPx: 64, heightPx: 64, persons: [], timingsMs: {} };
  const unused = await run(activities.keepDetection, { ...photo('a'), result });
  const used = await run(activities.keepDetection, { ...photo('b'), result });
  const since = new Date().toISOString();
  await sleep(20);

  await run(activities.findDetection, photo('b'));
  await run(activities.forgetUnused, { entries: [unused!, used!, 'cache/detection/gone/'], since });

  expect(await run(activities.findDetection, photo('a'))).toEqual({ entry: unused });
  expect(await run(activities.findDetection, photo('b'))).toEqual({ result, entry: used });
});
