import { describe, expect, it } from 'vitest';
import { jobForm, PHOTO, VOICE } from '../harness/api/job-form-data.ts';
import { startTestPipeline } from '../harness/api/test-pipeline.ts';

const { api, worker } = await startTestPipeline();

async function submit(filename: string, query = '?wait=30'): Promise<string> {
  const form = new FormData();
  form.append('image', new Blob([new Uint8Array(PHOTO)]), filename);
  form.append('audio', new Blob([new Uint8Array(VOICE)]), filename);
  const answer = await fetch(`${api.url}/api/pipeline/generate${query}`, { method: 'POST', body: form });
  return ((await answer.json()) as { task_id: string }).task_id;
}

describe('a file of a task', () => {
  it("is sent under a name of the server's own, whatever it was called when it came", async () => {
    const taskId = await submit('"; filename="evil.html"\r\nX-Evil: 1.png');
    for (const name of ['video', 'cutout', 'mask', 'thumbnail']) {
      const { headers } = await fetch(`${api.url}/api/pipeline/tasks/${taskId}/${name}`);

      expect(headers.get('content-disposition')).toMatch(
        new RegExp(`^inline; filename="limelight-${taskId}-${name}\\.(mp4|png|jpg)"$`),
      );
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.has('x-evil')).toBe(false);
    }
  });

  it('is never an upload: there is no route to one', async () => {
    using held = worker.hold('prepareMedia');
    const form = await fetch(`${api.url}/api/pipeline/generate`, { method: 'POST', body: jobForm() });
    const { task_id } = (await form.json()) as { task_id: string };
    const keys = await Array.fromAsync(api.store.list(`uploads/${task_id}/`), ({ key }) => key);
    expect(keys).toHaveLength(2);

    const guesses = keys.flatMap((key) => [
      `/${key}`,
      `/api/pipeline/tasks/${key}`,
      `/api/pipeline/tasks/${task_id}/${key.split('/').at(-1)}`,
      `/api/pipeline/tasks/${task_id}/video/..%2f..%2f${encodeURIComponent(key)}`,
      `/assets/..%2f..%2f${encodeURIComponent(key)}`,
      `/docs/../${key}`,
    ]);
    for (const path of [...guesses, '/access/link-secret', '/assets/%2e%2e%2faccess%2flink-secret']) {
      expect([path, (await fetch(`${api.url}${path}`)).status]).toEqual([path, 404]);
    }
    held.release();
  });
});
