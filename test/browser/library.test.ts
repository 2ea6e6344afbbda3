import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readPageFiles } from '../../src/api/http/page-files.ts';
import { createLimelightClient } from '../../src/client/limelight-client.ts';
import { PipelineError } from '../../src/errors.ts';
import { PHOTO, VOICE } from '../harness/api/job-form-data.ts';
import { submit } from '../harness/api/submit.ts';
import { startTestPipeline } from '../harness/api/test-pipeline.ts';
import { openBrowser, SIZES } from '../harness/browser/browser.ts';
import { faultsOfView } from '../harness/browser/faults-of-view.ts';
import { choose, openInTest } from '../harness/browser/open-in-test.ts';
import { needs } from '../harness/needs.ts';

/** The workflow and the page are real, but no picture is analysed: thumbnails and videos are not playable. */
needs('chromium').describe('the library of videos', { timeout: 60_000 }, async () => {
  const page = await readPageFiles(join(import.meta.dirname, '../../dist/web'));
  const { api, worker } = await startTestPipeline({ page, defaults: { retryWindowS: 60 } });
  const client = createLimelightClient({ baseUrl: api.url });
  let browser: Browser;
  let folder: string;
  let [photo, voice] = ['', ''];
  beforeAll(async () => {
    browser = await openBrowser();
    folder = await mkdtemp(join(tmpdir(), 'limelight-library-'));
    [photo, voice] = [join(folder, 'Anna am See.png'), join(folder, 'hello.wav')];
    await Promise.all([writeFile(photo, PHOTO), writeFile(voice, VOICE)]);
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const open = (options?: BrowserContextOptions) => openInTest(browser, `${api.url}/`, options);
  /** Unless Chromium cannot decode the files of the tests. */
  const real = (complaints: string[]) => complaints.filter((text) => !/decod|media/i.test(text));
  const make = async (name: string) => {
    const { taskId } = await submit(api, { fields: { name } });
    await client.wait(taskId);
    return taskId;
  };
  const names = 'article.video-card .name';

  it('names a video after its photo, and shows a new name in another browser', async () => {
    const first = await open();
    await choose(first.page, photo, voice);
    await first.page.getByRole('button', { name: 'Create video' }).click();
    await first.page.getByRole('heading', { name: 'Your video is ready' }).waitFor();
    await first.page.getByText('Anna am See').waitFor();
    await first.page.getByText(/^Made in \d/).waitFor();
    const download = first.page.waitForEvent('download');
    await first.page.getByRole('link', { name: 'Download' }).click();
    expect((await download).suggestedFilename()).toBe('Anna am See.mp4');

    // With the keyboard alone.
    await first.page.getByRole('button', { name: 'Rename: Anna am See' }).focus();
    await first.page.keyboard.press('Enter');
    await first.page.getByRole('textbox', { name: 'Name' }).waitFor();
    await first.page.keyboard.type('Willkommen?');
    await first.page.keyboard.press('Enter');
    await first.page.getByRole('button', { name: 'Rename: Willkommen?' }).waitFor();
    expect(await first.page.evaluate('document.activeElement.title')).toBe('Rename');

    const second = await open({ viewport: SIZES.phone });
    await second.page.goto(`${api.url}/#/videos`);
    await second.page.locator(names, { hasText: 'Willkommen?' }).waitFor();
    expect(await faultsOfView(second.page)).toEqual([]);
    await second.page.getByRole('link', { name: 'Willkommen?, ready' }).click();
    const again = second.page.waitForEvent('download');
    await second.page.getByRole('link', { name: 'Download' }).click();
    expect((await again).suggestedFilename()).toBe('Willkommen-.mp4');
    expect(real([...first.complaints, ...second.complaints])).toEqual([]);
    await Promise.all([first.page.context().close(), second.page.context().close()]);
  });

  it.each(['phone', 'laptop'] as const)('finds videos by name and by state, on a %s screen', async (size) => {
    await make(`Winter ${size}`);
    await make(`Summer ${size}`);
    const broken = worker.fail('detectPersons', new PipelineError('PERSON_NOT_FOUND', 'Nobody is there.'));
    await make(`Winter wood ${size}`);
    broken.release();
    const { page, complaints } = await open({ viewport: SIZES[size] });
    await page.goto(`${api.url}/#/videos`);
    await page.locator(names, { hasText: `Summer ${size}` }).waitFor();

    await page.getByRole('searchbox', { name: 'Search by name' }).fill(`wInter`);
    await expect.poll(() => page.locator(names).allTextContents()).not.toContain(`Summer ${size}`);
    expect(await page.locator(names).allTextContents()).toContain(`Winter ${size}`);
    await page.getByLabel('Show').selectOption('Failed');
    await expect.poll(() => page.locator(names).allTextContents()).not.toContain(`Winter ${size}`);
    const card = page.locator('article', { hasText: `Winter wood ${size}` });
    await card.getByText('No person found in the photo').waitFor();
    expect(await faultsOfView(page)).toEqual([]);

    await page.getByRole('searchbox', { name: 'Search by name' }).fill('nothing like it');
    await page.getByRole('heading', { name: 'No video matches' }).waitFor();
    await page.getByRole('button', { name: 'Show all' }).click();
    await page.locator(names, { hasText: `Summer ${size}` }).waitFor();
    expect(real(complaints)).toEqual([]);
    await page.context().close();
  });

  it('searches videos that are not loaded yet', async () => {
    await make('A needle');
    await Promise.all(Array.from({ length: 26 }, (_, index) => make(`Hay ${index}`)));
    const { page } = await open();
    await page.goto(`${api.url}/#/videos`);
    await expect.poll(() => page.locator(names).count(), { timeout: 20_000 }).toBe(24);
    expect(await page.locator(names, { hasText: 'A needle' }).count()).toBe(0);
    await page.getByRole('searchbox').fill('needle');
    await page.locator(names, { hasText: 'A needle' }).waitFor();
    await page.context().close();
  });

  it('downloads several videos as one archive and deletes them, with the keyboard', async () => {
    const ids = [await make('Twin'), await make('Twin')];
    const { page, complaints } = await open();
    await page.goto(`${api.url}/#/videos`);
    await page.getByRole('searchbox').fill('twin');
    await expect.poll(() => page.locator(names).count()).toBe(2);
    await page.getByRole('button', { name: 'Select', exact: true }).press('Enter');
    for (const box of await page.getByRole('checkbox', { name: 'Select “Twin”' }).all()) {
      await box.press('Space');
    }
    await page.getByText('2 selected').waitFor();
    expect(await faultsOfView(page)).toEqual([]);
    const waiting = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download' }).press('Enter');
    const download = await waiting;
    expect(download.suggestedFilename()).toBe('limelight-videos.zip');
    const archive = await readFile(await download.path());
    for (const name of ['Twin.mp4', 'Twin (2).mp4']) expect(archive.includes(name)).toBe(true);

    await page.getByRole('button', { name: 'Delete' }).press('Enter');
    await page.getByRole('heading', { name: 'Delete 2 videos?' }).waitFor();
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Cancel');
    await page.getByRole('button', { name: 'Delete everything' }).press('Enter');
    await page.getByRole('heading', { name: 'No video matches' }).waitFor();
    for (const id of ids) await expect(client.status(id)).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' });
    expect(real(complaints)).toEqual([]);
    await page.context().close();
  });

  it('plays a video while the pointer or the focus is on it, unless motion should be reduced', async () => {
    await make('Moving');
    const { page } = await open();
    await page.goto(`${api.url}/#/videos`);
    const link = page.getByRole('link', { name: 'Moving, ready' });
    await link.hover();
    await link.locator('video').waitFor({ state: 'attached' });
    await page.mouse.move(0, 0);
    await link.locator('video').waitFor({ state: 'detached' });
    await link.focus();
    await link.locator('video').waitFor({ state: 'attached' });
    await link.blur();
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await link.hover();
    await page.waitForTimeout(500);
    expect(await link.locator('video').count()).toBe(0);
    await page.context().close();
  });

  it('says in the title of the tab and in a notification that a video is ready or needs an answer', async () => {
    const { page } = await open({ permissions: ['notifications'] });
    await page.addInitScript(`(() => {
      window.shown = [];
      window.Notification = class {
        static permission = 'default';
        static requestPermission = async () => (Notification.permission = 'granted');
        constructor(title, { body }) { window.shown.push(title + ': ' + body); }
        close() {}
      };
      // A page in another tab.
      document.hasFocus = () => false;
    })()`);
    await page.reload();
    using held = worker.hold('renderTalk');
    await choose(page, photo, voice);
    await page.getByRole('button', { name: 'Create video' }).click();
    await page.getByRole('button', { name: 'Notify me when it’s ready' }).click();
    await page.getByText('You’ll get a notification when it’s ready.').waitFor();
    expect(await page.title()).not.toContain('ready');
    held.release();

    await expect.poll(() => page.title()).toBe('Your video is ready · Limelight');
    expect(await page.evaluate('shown')).toEqual(['Your video is ready: Anna am See']);
    await page.evaluate("document.hasFocus = () => true; dispatchEvent(new Event('focus'))");
    await expect.poll(() => page.title()).toBe('Videos · Limelight');

    await page.evaluate('document.hasFocus = () => false');
    worker.findPersons([
      { id: 1, confidence: 0.9, box: [30, 1, 60, 60] },
      { id: 2, confidence: 0.8, box: [1, 1, 29, 60] },
    ]);
    const { taskId } = await submit(api, { fields: { persons: 'ask', name: 'Two' } });
    await page.goto(`${api.url}/#/videos/${taskId}`);
    await expect.poll(() => page.title()).toBe('Your video needs your input · Limelight');
    worker.findPersons([{ id: 1, confidence: 0.9, box: [1, 1, 60, 60] }]);
    await client.choosePerson(taskId, 2);
    await expect.poll(() => page.title()).not.toContain('input');
    await page.context().close();
  });

  it('shares the file where the browser can, and says when a link works on this machine only', async () => {
    const id = await make('Shared');
    const { page } = await open({ permissions: ['clipboard-read', 'clipboard-write'] });
    await page.addInitScript(`
      navigator.canShare = ({ files }) => files.length === 1;
      navigator.share = async ({ files: [file] }) => { window.sent = [file.name, file.type, file.size > 0]; };
    `);
    await page.goto(`${api.url}/#/videos/${id}`);
    await page.reload();
    await page.getByRole('button', { name: 'Share', exact: true }).click();
    await page.getByText('This link only works on this computer').waitFor();
    await page.getByRole('button', { name: 'Copy link' }).click();
    await page.getByText('Link copied').first().waitFor();
    const link = await page.evaluate<string>('navigator.clipboard.readText()');
    expect(link).toMatch(new RegExp(`^${api.url}/watch/${id}\\?expires=\\d+&signature=`));
    await page.getByRole('button', { name: 'Send the file…' }).click();
    await expect.poll(() => page.evaluate('window.sent')).toEqual(['Shared.mp4', 'video/mp4', true]);
    expect(await faultsOfView(page)).toEqual([]);
    await page.context().close();
  });

  it('moves the bar by the expected time, and keeps the estimate', async () => {
    using held = worker.hold('renderTalk');
    const { page } = await open();
    await choose(page, photo, voice);
    await page.getByRole('button', { name: 'Create video' }).click();
    await page.locator('.step.now', { hasText: 'Rendering' }).waitFor();
    const left = page.locator('[data-test=left]');
    await expect.poll(() => left.textContent()).toMatch(/About .* left|Almost done|longer than usual/);
    const seen: number[] = [];
    for (let look = 0; look < 12; look += 1) {
      seen.push(Number.parseInt((await page.locator('.progress-line strong').textContent()) ?? '', 10));
      expect(await left.textContent()).toMatch(/About .* left|Almost done|longer than usual/);
      await page.waitForTimeout(400);
    }
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(Math.max(...seen)).toBeLessThan(100);
    held.release();
    await page.getByRole('heading', { name: 'Your video is ready' }).waitFor();
    await page.context().close();
  });
});
