import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { expect, it } from 'vitest';
import { createRenderActivities } from '../../src/activities/render.ts';
import type { VideoProvider } from '../../src/ports/video-provider.ts';
import { createStore } from '../harness/storage/temporary-store.ts';

it('a video whose completion was lost finds all of its parts in the next attempt', async () => {
  const { store } = await createStore();
  const found: string[][] = [];
  const renderer = {
    async render({ partsFolder = '' }, videoPath, { onProgress }) {
      found.push(await readdir(partsFolder));
      await writeFile(join(partsFolder, '00000.mp4'), 'tracks');
      await writeFile(join(partsFolder, '00001.mp4'), 'two seconds');
      onProgress({ frame: 50, frames: 50 });
      await writeFile(videoPath, 'video');
      return { widthPx: 512, heightPx: 512, durationS: 2, warnings: [] };
    },
  } satisfies Partial<VideoProvider> as unknown as VideoProvider;
  const { renderTalk } = createRenderActivities({ store, renderer });
  const request = {
    requestId: 'task-1',
    portraitKey: 'processed/task-1/portrait.png',
    plateKey: 'processed/task-1/plate.png',
    maskKey: 'processed/task-1/mask.png',
    plateShowsPerson: false,
    isTransparent: false,
    voiceKey: 'processed/task-1/voice.wav',
    videoKey: 'videos/task-1/video.mp4',
    partsPrefix: 'temp/task-1/parts/',
  };
  for (const key of [request.portraitKey, request.plateKey, request.maskKey, request.voiceKey]) {
    await store.put(key, Buffer.from(key));
  }
  const attempt = () =>
    new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') }).run(renderTalk, request);

  await attempt();
  await attempt();

  expect(found).toEqual([[], ['00000.mp4', '00001.mp4']]);
});
