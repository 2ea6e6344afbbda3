import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { LINKS } from '../../src/api/access/access-rules.ts';
import { signLink, verifyLink } from '../../src/api/access/link-signature.ts';
import { submit } from '../harness/api/submit.ts';
import { startTestPipeline } from '../harness/api/test-pipeline.ts';

const { api } = await startTestPipeline();
let auth: { Authorization: string };
let taskId: string;

beforeAll(async () => {
  auth = { Authorization: `Bearer ${await api.keys.create('acme', ['submit', 'read'])}` };
  ({ taskId } = await submit(api, { headers: auth, waitS: 30 }));
});

function ask(wish: object, id = taskId, headers = auth): Promise<Response> {
  return fetch(`${api.url}/api/pipeline/tasks/${id}/links`, {
    method: 'POST',
    headers: { ...headers, 'Content-Type': 'application/json' },
    body: JSON.stringify(wish),
  });
}

async function linkTo(name: string, expires_in_s = 60): Promise<string> {
  const answer = await ask({ name, expires_in_s });
  expect(answer.status).toBe(201);
  return ((await answer.json()) as { url: string }).url;
}

const open = (url: string, headers: Record<string, string> = {}) => fetch(`${api.url}${url}`, { headers });

describe('a signed link', () => {
  it.each(LINKS)('opens the %s without a key', async (name) => {
    expect((await open(await linkTo(name))).status).toBe(200);
  });

  it('to the video has a page with a player for people, with no other key than the link', async () => {
    const { url, page_url } = (await (await ask({ name: 'video', expires_in_s: 60 })).json()) as {
      url: string;
      page_url: string;
    };
    const page = await open(page_url, { 'Accept-Language': 'fr, de;q=0.8, en;q=0.7' });
    const text = await page.text();

    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=UTF-8']);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(text).toContain('<html lang="de"');
    expect(text).toContain(`src="${url.replaceAll('&', '&amp;')}"`);
    expect(text).not.toContain('limelight_');
    const content = (name: string) =>
      new RegExp(`property="${name}" content="([^"]*)"`).exec(text)![1]!.replaceAll('&amp;', '&');
    expect(content('og:title')).toBe('image');
    expect(content('og:url')).toBe(api.url + page_url);
    for (const [name, type] of [
      ['og:video', 'video/mp4'],
      ['og:image', 'image/jpeg'],
    ] as const) {
      const file = await fetch(content(name));
      expect([file.status, file.headers.get('content-type')]).toEqual([200, type]);
    }
  });

  it('shows people a page if it is wrong, has expired, or its video is gone', async () => {
    const { page_url } = (await (await ask({ name: 'video', expires_in_s: 60 })).json()) as {
      page_url: string;
    };
    const { taskId: erased } = await submit(api, { headers: auth, waitS: 30 });
    const { page_url: gone } = (await (await ask({ name: 'video' }, erased)).json()) as { page_url: string };
    const erasing = await fetch(`${api.url}/api/pipeline/tasks/${erased}`, {
      method: 'DELETE',
      headers: auth,
    });
    expect(erasing.status).toBe(200);

    for (const [path, status] of [
      [page_url.replace('signature=', 'signature=x'), 403],
      [page_url.replace(/expires=\d+/, 'expires=1700000000'), 403],
      [page_url.split('?')[0]!, 403],
      [page_url.replace(taskId, randomUUID()), 403],
      [gone, 404],
      ['/watch/nothing', 404],
    ] as const) {
      const page = await open(path);
      expect([path, page.status]).toEqual([path, status]);
      expect(await page.text()).toContain('<h1>This video is no longer here</h1>');
    }
  });

  it('may be embedded by other pages only if it is valid', async () => {
    const url = await linkTo('video');
    const policy = async (path: string) => (await open(path)).headers.get('cross-origin-resource-policy');

    expect(await policy(url)).toBe('cross-origin');
    for (const path of [
      `${url}A`,
      '/api/info?signature=x',
      '/docs?signature=',
      `/metrics?${url.split('?')[1]}`,
    ]) {
      expect([path, await policy(path)]).toEqual([path, 'same-origin']);
    }
  });

  it('serves ranges, as players request them', async () => {
    const part = await open(await linkTo('video'), { Range: 'bytes=0-3' });

    expect(part.status).toBe(206);
    expect(await part.text()).toBe('byte');
  });

  it('to the video also opens its preview, which redirects to the finished video', async () => {
    const answer = await open((await linkTo('video')).replace('/video?', '/preview?'));

    expect([answer.status, new URL(answer.url).pathname]).toEqual([
      200,
      `/api/pipeline/tasks/${taskId}/video`,
    ]);
  });

  it('opens nothing else, and nothing if it was changed', async () => {
    const url = await linkTo('video');
    const other = await linkTo('mask');
    const changed = [
      url.replace('/video?', '/mask?'),
      url.replace(taskId, randomUUID()),
      url.replace(/expires=\d+/, 'expires=99999999999'),
      url.replace(/expires=\d+&/, ''),
      url.replace(/signature=acme/, 'signature=boss'),
      `${url.split('signature=')[0]}signature=${other.split('signature=')[1]}`,
      `${url.split('signature=')[0]}signature=`,
      `${url}A`,
    ];
    for (const one of changed) {
      const answer = await open(one);
      expect([one, answer.status]).toEqual([one, 403]);
      expect(await answer.json()).toMatchObject({ code: 'LINK_INVALID' });
    }
    // A route that has no links takes no signature for a key.
    expect((await open(`/api/gpu?${url.split('?')[1]}`)).status).toBe(401);
  });

  it('expires', async () => {
    const query = signLink(await api.deps.access.linkSecret(), {
      taskId,
      name: 'video',
      expires: Math.floor(Date.now() / 1000) - 1,
      signer: 'acme',
    });
    const answer = await open(`/api/pipeline/tasks/${taskId}/video?${query}`);

    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({ code: 'LINK_EXPIRED' });
  });

  it('is revoked with the key that signed it', async () => {
    const boss = { Authorization: `Bearer ${await api.keys.create('boss', ['admin'])}` };
    const { url } = (await (await ask({ name: 'video' }, taskId, boss)).json()) as { url: string };
    expect((await open(url)).status).toBe(200);

    await api.keys.revoke('boss');

    expect((await open(url)).status).toBe(403);
  });

  it('can be created for own existing tasks only, and for at most a week', async () => {
    const other = { Authorization: `Bearer ${await api.keys.create('other', ['read'])}` };
    expect((await ask({ name: 'video' }, taskId, other)).status).toBe(404);
    expect((await ask({ name: 'video' }, randomUUID())).status).toBe(404);
    expect((await ask({ name: 'video', expires_in_s: 604_801 })).status).toBe(422);
    expect((await ask({ name: 'metadata' })).status).toBe(422);
    expect((await ask({ name: 'video' }, taskId, { Authorization: '' })).status).toBe(401);
  });

  it('is refused for any query that was not signed', () => {
    const secret = Buffer.alloc(32, 7);
    const link = { taskId, name: 'video' as const };
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (expires, signature) => {
        expect(() => verifyLink(secret, link, { expires, signature }, 0)).toThrow(
          expect.objectContaining({ code: 'LINK_INVALID' }),
        );
      }),
    );
    const query = new URLSearchParams(signLink(secret, { ...link, expires: 1, signer: undefined }));
    const sent = { expires: query.get('expires')!, signature: query.get('signature')! };
    expect(verifyLink(secret, link, sent, 999)).toBeUndefined();
  });
});
