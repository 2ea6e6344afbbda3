import { describe, expect, it } from 'vitest';
import { PHOTO, VOICE } from '../harness/api/job-form-data.ts';
import { submit } from '../harness/api/submit.ts';
import { startTestPipeline } from '../harness/api/test-pipeline.ts';

const { api, worker } = await startTestPipeline();

describe('a file of a task', () => {
  it('is sent under a name of the server’s own, and a video under one that no name of a photo can break', async () => {
    const filename = '"; filename="evil.html"\r\nX-Evil: 1.png';
    const body = new FormData();
    body.append('image', new Blob([new Uint8Array(PHOTO)]), filename);
    body.append('audio', new Blob([new Uint8Array(VOICE)]), filename);
    const { taskId } = await submit(api, { body, waitS: 30 });
    for (const name of ['video', 'cutout', 'mask', 'thumbnail']) {
      const { headers } = await fetch(`${api.url}/api/pipeline/tasks/${taskId}/${name}`);

      expect(headers.get('content-disposition')).toMatch(
        name === 'video'
          ? /^inline; filename="[\w .;=-]+\.mp4"; filename\*=UTF-8''[\w.%-]+\.mp4$/
          : new RegExp(`^inline; filename="limelight-${taskId}-${name}\\.(png|jpg)"$`),
      );
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.has('x-evil')).toBe(false);
    }
  });

  it('is never an upload: there is no route to one', async () => {
    using held = worker.hold('prepareMedia');
    const { taskId } = await submit(api);
    const keys = await Array.fromAsync(api.store.list(`uploads/${taskId}/`), ({ key }) => key);
    expect(keys).toHaveLength(2);

    const guesses = keys.flatMap((key) => [
      `/${key}`,
      `/api/pipeline/tasks/${key}`,
      `/api/pipeline/tasks/${taskId}/${key.split('/').at(-1)}`,
      `/api/pipeline/tasks/${taskId}/video/..%2f..%2f${encodeURIComponent(key)}`,
      `/assets/..%2f..%2f${encodeURIComponent(key)}`,
      `/docs/../${key}`,
    ]);
    for (const path of [...guesses, '/access/link-secret', '/assets/%2e%2e%2faccess%2flink-secret']) {
      expect([path, (await fetch(`${api.url}${path}`)).status]).toEqual([path, 404]);
    }
    held.release();
  });
});
