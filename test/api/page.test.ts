import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '../../src/api/app.ts';
import { readPageFiles } from '../../src/api/http/page-files.ts';
import { describedApi } from '../harness/api/described-api.ts';

const HTML = '<!doctype html><title>Limelight</title>';
const SCRIPT = 'console.log(1);'.repeat(100);

describe('the page', () => {
  let folder: string;
  let app: ReturnType<typeof createApp>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'limelight-page-'));
    await mkdir(join(folder, 'assets'));
    await writeFile(join(folder, 'index.html'), HTML);
    await writeFile(join(folder, 'assets/index-abc.js'), SCRIPT);
    await writeFile(join(folder, 'built-from'), 'hash');
    app = createApp({ ...describedApi(), page: await readPageFiles(folder) });
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('is at /, may load from its own server only, and is revalidated each time', async () => {
    const answer = await app.request('/');

    expect(await answer.text()).toBe(HTML);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(answer.headers.get('cache-control')).toBe('no-cache');
    const policy = answer.headers.get('content-security-policy')!;
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
  });

  it('is not sent again to a browser that has it', async () => {
    const etag = (await app.request('/')).headers.get('etag')!;
    const answer = await app.request('/', { headers: { 'if-none-match': etag } });
    expect([answer.status, await answer.text()]).toEqual([304, '']);
  });

  it('sends compressed scripts, that browsers cache for good', async () => {
    const answer = await app.request('/assets/index-abc.js', { headers: { 'accept-encoding': 'gzip, br' } });

    expect(answer.headers.get('content-encoding')).toBe('gzip');
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect(bytes.length).toBeLessThan(SCRIPT.length / 2);
    expect(gunzipSync(bytes).toString()).toBe(SCRIPT);
    expect(await (await app.request('/assets/index-abc.js')).text()).toBe(SCRIPT);
  });

  it('serves no other files of the folder, and none outside', async () => {
    for (const path of ['/built-from', '/assets/..%2Fbuilt-from', '/assets/nothing.js']) {
      expect([path, (await app.request(path)).status]).toEqual([path, 404]);
    }
  });

  it('says what to do if it is not built', async () => {
    const unbuilt = createApp({ ...describedApi(), page: await readPageFiles(join(folder, 'nowhere')) });
    const answer = await unbuilt.request('/');
    const { detail } = (await answer.json()) as { detail: string };
    expect([answer.status, detail]).toEqual([404, expect.stringContaining('npm run setup')]);
  });
});
