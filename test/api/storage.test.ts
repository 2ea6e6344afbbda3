import { describe, expect, it } from 'vitest';
import { submit } from '../harness/api/submit.ts';
import { startTestPipeline } from '../harness/api/test-pipeline.ts';

let freeBytes = 1e12;
const { api, worker } = await startTestPipeline({ freeBytes: () => freeBytes });

describe('a disk that is nearly full', () => {
  it('refuses submissions with 507, and running jobs finish', async () => {
    using held = worker.hold('renderTalk');
    const running = submit(api, { waitS: 60 });
    await expect.poll(held.reached, { timeout: 10_000 }).toBe(1);
    freeBytes = 1.05e9;

    const refused = await submit(api);
    held.release();

    expect(refused.status).toBe(507);
    expect(refused.headers.get('retry-after')).toBe('60');
    expect(refused.body).toMatchObject({ code: 'STORAGE_FULL' });
    expect((await running).body).toMatchObject({ success: true });
    freeBytes = 1e12;
    expect((await submit(api, { waitS: 60 })).status).toBe(200);
  });
});

describe('GET /api/pipeline/storage/stats', () => {
  it('reports files by tier, disk usage, and the age of the scan', async () => {
    await submit(api, { waitS: 60 });
    const uploads = await Array.fromAsync(api.store.list('uploads/'));
    expect(uploads.length).toBeGreaterThanOrEqual(2);
    await api.store.delete('state/storage-usage.json');
    const answer = await fetch(`${api.url}/api/pipeline/storage/stats`);

    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({
      total_files: expect.any(Number),
      total_size_mb: expect.any(Number),
      disk: { free_gb: expect.any(Number), percent_used: expect.any(Number) },
      tiers: {
        uploads: { files: uploads.length, size_mb: expect.any(Number) },
        processed: { files: expect.any(Number), size_mb: expect.any(Number) },
        videos: { files: expect.any(Number), size_mb: expect.any(Number) },
        temp: { files: 0, size_mb: 0 },
        cache: { files: 0, size_mb: 0 },
      },
      scanned_at: expect.stringMatching(/^\d{4}-.*Z$/),
      age_s: expect.any(Number),
    });
  });

  it('counts a new task in a small store within seconds', async () => {
    const uploads = async () => {
      const answer = await fetch(`${api.url}/api/pipeline/storage/stats`);
      return ((await answer.json()) as { tiers: { uploads: { files: number } } }).tiers.uploads.files;
    };
    const before = await uploads();
    expect((await submit(api, { waitS: 60 })).status).toBe(200);

    await expect.poll(uploads, { timeout: 15_000, interval: 250 }).toBe(before + 2);
  });
});
