import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readPageFiles } from '../../src/api/http/page-files.ts';
import { PHOTO, VOICE } from '../harness/api/job-form-data.ts';
import { startTestPipeline } from '../harness/api/test-pipeline.ts';
import { openBrowser, SIZES } from '../harness/browser/browser.ts';
import { faultsOfView } from '../harness/browser/faults-of-view.ts';
import { choose, openInTest } from '../harness/browser/open-in-test.ts';
import { needs } from '../harness/needs.ts';

/** All entries of the databases of the page's origin, as texts. A file is `[file]` there. */
const STORED = `(async () => {
  const done = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const found = [];
  for (const { name } of await indexedDB.databases()) {
    const database = await done(indexedDB.open(name));
    for (const store of database.objectStoreNames) {
      const values = await done(database.transaction(store).objectStore(store).getAll());
      found.push(...values.map((value) => JSON.stringify(value, (_, part) => (part instanceof Blob ? '[file]' : part))));
    }
    database.close();
  }
  return found;
})()`;

needs('chromium').describe('a page that is signed in', { timeout: 60_000 }, async () => {
  const page = await readPageFiles(join(import.meta.dirname, '../../dist/web'));
  const { api } = await startTestPipeline({ page });
  let browser: Browser;
  let folder: string;
  let [photo, voice, anna, ben] = ['', '', '', ''];
  beforeAll(async () => {
    browser = await openBrowser();
    folder = await mkdtemp(join(tmpdir(), 'limelight-sign-out-'));
    [photo, voice] = [join(folder, 'Anna.png'), join(folder, 'hello.wav')];
    await Promise.all([writeFile(photo, PHOTO), writeFile(voice, VOICE)]);
    anna = await api.keys.create('anna', ['submit', 'read']);
    ben = await api.keys.create('ben', ['submit', 'read']);
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const open = async (key: string, viewport: (typeof SIZES)[keyof typeof SIZES] = SIZES.laptop) => {
    const { page } = await openInTest(browser, `${api.url}/#/videos`, { viewport });
    await signIn(page, key);
    await page.goto(`${api.url}/#/`);
    return page;
  };
  const signIn = async (page: Page, key: string) => {
    await asksForKey(page);
    await page.getByLabel('Key').fill(key);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    await page
      .getByRole('heading', { name: 'This server requires an API key' })
      .waitFor({ state: 'detached' });
  };
  const asksForKey = (page: Page) =>
    page.getByRole('heading', { name: 'This server requires an API key' }).waitFor();
  const signOut = async (page: Page) => {
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Sign out' }).waitFor({ state: 'detached' });
  };
  /** Entries with a photo, a recording or a picture. */
  const storedFiles = async (page: Page) =>
    (await page.evaluate<string[]>(STORED)).filter((entry) => entry.includes('[file]'));
  const storedKey = (page: Page) => page.evaluate<string | null>("localStorage.getItem('limelight.key')");
  /**
   * Creates a video of which no upload reaches the server: it restarts, or the network is down. Returns the key of each
   * try so far, and of those that follow.
   */
  const uploadInVain = async (page: Page): Promise<string[]> => {
    const keys: string[] = [];
    await page.context().route('**/api/pipeline/tasks/*', async (route) => {
      if (route.request().method() === 'PUT') {
        keys.push(route.request().headers().authorization?.replace('Bearer ', '') ?? 'none');
        await route.abort();
      } else {
        await route.continue();
      }
    });
    await choose(page, photo, voice);
    await page.getByRole('button', { name: 'Create video' }).click();
    await expect.poll(() => keys.length).toBeGreaterThan(0);
    return keys;
  };

  it('keeps nothing after signing out: no key, no photo, no recording, no task, in no tab', async () => {
    const first = await open(anna);
    await choose(first, photo, voice);
    await first.getByRole('button', { name: 'Create video' }).click();
    await first.getByRole('heading', { name: 'Your video is ready' }).waitFor();
    const video = first.url();
    const second = await first.context().newPage();
    await second.goto(video);
    await second.getByRole('heading', { name: 'Your video is ready' }).waitFor();
    const draft = await first.context().newPage();
    await draft.goto(`${api.url}/#/`);
    await choose(draft, photo, voice);
    await draft.getByRole('img', { name: 'Your photo: Anna.png' }).waitFor();
    // The submission, and the drafts of two tabs.
    await expect.poll(() => storedFiles(draft)).toHaveLength(5);

    await signOut(first);

    await asksForKey(first);
    await asksForKey(second);
    await draft.getByRole('button', { name: /^Drop a photo/ }).waitFor();
    for (const tab of [first, second, draft]) {
      expect(await tab.getByText('Anna').count()).toBe(0);
      expect(await tab.getByRole('img', { name: 'Your photo: Anna.png' }).count()).toBe(0);
    }
    expect(await storedKey(first)).toBeNull();
    await expect.poll(() => storedFiles(first)).toEqual([]);
    expect(first.url()).toBe(`${api.url}/#/videos`);
    await first.goBack();
    await asksForKey(first);

    // The next person.
    await first.goto(`${api.url}/#/videos`);
    await signIn(first, ben);
    for (const tab of [second, draft]) {
      await tab.getByRole('button', { name: 'Sign out' }).waitFor();
    }
    await second.getByRole('heading', { name: 'No videos yet' }).waitFor();
    await draft.getByRole('button', { name: /^Drop a photo/ }).waitFor();
    await first.getByRole('heading', { name: 'No videos yet' }).waitFor();
    expect(await storedFiles(first)).toEqual([]);
    await first.context().close();
  });

  it('never sends an interrupted upload under another key, however the key was replaced', async () => {
    const page = await open(anna);
    const keys = await uploadInVain(page);
    await expect.poll(() => keys.length).toBeGreaterThan(1);
    expect((await storedFiles(page)).join()).toContain('"isSubmitted":false');

    // By hand, or by an older page: nothing was cleared.
    await page.evaluate(`localStorage.setItem('limelight.key', '${ben}')`);
    keys.length = 0;
    await page.goto('about:blank');
    await page.goto(`${api.url}/#/videos`);
    await page.getByRole('heading', { name: 'No videos yet' }).waitFor();
    await page.waitForTimeout(2_500);

    expect(keys).toEqual([]);
    expect(await storedFiles(page)).toEqual([]);
    await page.context().close();
  });

  it('stops an upload that another tab repeats', async () => {
    const page = await open(anna);
    const keys = await uploadInVain(page);
    const other = await page.context().newPage();
    await other.goto(`${api.url}/#/operations`);
    await signOut(other);
    await other.goto(`${api.url}/#/videos`);
    await signIn(other, ben);
    const before = keys.length;
    // Longer than the delay between two tries.
    await page.waitForTimeout(2_500);

    expect(new Set(keys)).toEqual(new Set([anna]));
    expect(keys.length).toBe(before);
    await page.context().close();
  });

  it('goes on with the draft that was begun before', async () => {
    const { page } = await openInTest(browser, `${api.url}/`);
    await choose(page, photo, voice);
    await signIn(page, anna);
    await page.getByRole('button', { name: 'Create video' }).click();
    await page.getByRole('heading', { name: 'Your video is ready' }).waitFor();

    await page.goto(`${api.url}/#/`);
    await page.reload();
    await page.getByRole('img', { name: 'Your photo: Anna.png' }).waitFor();
    const names = 'indexedDB.databases().then((all) => all.map(({ name }) => name))';
    expect(await page.evaluate<string[]>(names)).toEqual([expect.stringMatching(/^limelight-[0-9a-f]{16}$/)]);
    await page.context().close();
  });

  it('resumes the upload and keeps the draft if the same key is entered again', async () => {
    const page = await open(anna);
    await uploadInVain(page);
    const task = page.url();
    const unknown = (route: { fulfill(answer: object): Promise<void> }) =>
      route.fulfill({ status: 401, contentType: 'application/json', body: '{"code":"KEY_INVALID"}' });
    await page.context().route('**/api/pipeline/tasks?*', unknown);
    await page.goto(`${api.url}/#/videos`);
    await page.reload();
    await page.getByText('The server rejected this key.').waitFor();
    await page.context().unroute('**/api/pipeline/tasks?*', unknown);
    await page.getByLabel('Key').fill(anna);
    await page.keyboard.press('Enter');
    await page.getByRole('article').getByText('uploading').waitFor();
    await page.context().unroute('**/api/pipeline/tasks/*');

    await page.goto(task);
    await page.getByRole('heading', { name: 'Your video is ready' }).waitFor();
    await page.goto(`${api.url}/#/`);
    await page.getByRole('img', { name: 'Your photo: Anna.png' }).waitFor();
    await page.context().close();
  });

  it.each(['phone', 'laptop'] as const)('asks before it signs out, on a %s screen', async (size) => {
    const page = await open(anna, SIZES[size]);
    await choose(page, photo, voice);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign out?' }).waitFor();
    expect(await faultsOfView(page)).toEqual([]);
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Stay signed in');
    await page.keyboard.press('Enter');
    await page.getByRole('img', { name: 'Your photo: Anna.png' }).waitFor();
    expect(await storedKey(page)).toBe(anna);
    await page.context().close();
  });
});
