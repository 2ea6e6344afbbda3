import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openBrowser, SIZES } from '../harness/browser/browser.ts';
import { faultsOfView } from '../harness/browser/faults-of-view.ts';
import { choose, openInTest } from '../harness/browser/open-in-test.ts';
import { type PageStack, SAMPLE_PHOTO, startPageStack } from '../harness/browser/page-stack.ts';
import { needs } from '../harness/needs.ts';

const VIDEO_MS = 150_000;

/** The used part of `<video>`, because the tests have no browser types. */
interface Video {
  muted: boolean;
  currentTime: number;
  videoWidth: number;
  poster: string;
  play(): Promise<void>;
  addEventListener(name: 'timeupdate', listener: () => void): void;
}

/** As if it were dragged from the desktop. */
async function dropFile(page: Page, target: string, path: string, type: string): Promise<void> {
  const bytes = (await readFile(path)).toString('base64');
  const dataTransfer = await page.evaluateHandle(`(() => {
    const data = new DataTransfer();
    const raw = Uint8Array.from(atob('${bytes}'), (letter) => letter.charCodeAt(0));
    data.items.add(new File([raw], '${basename(path)}', { type: '${type}' }));
    return data;
  })()`);
  await page.dispatchEvent(target, 'drop', { dataTransfer });
}

needs('chromium').describe('the page in a browser', { timeout: VIDEO_MS + 60_000 }, () => {
  let stack: PageStack;
  let browser: Browser;

  beforeAll(async () => {
    [stack, browser] = await Promise.all([startPageStack(), openBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await stack?.[Symbol.asyncDispose]();
  });

  /** Makes a video in a browser that is closed then. Returns the URL of its page. */
  async function makeVideo(): Promise<string> {
    const { page } = await open(stack.url);
    await choose(page, SAMPLE_PHOTO, stack.files.shortVoice);
    await page.getByRole('button', { name: 'Create video' }).click();
    await page.getByRole('heading', { name: 'Your video is ready' }).waitFor({ timeout: VIDEO_MS });
    const url = page.url();
    await page.context().close();
    return url;
  }

  const open = (url: string, options?: BrowserContextOptions) => openInTest(browser, url, options);

  it('turns a dropped photo into a video although the server is killed and the browser goes offline', async () => {
    const { page, complaints } = await open(stack.url);
    await dropFile(page, '.photo-drop', SAMPLE_PHOTO, 'image/jpeg');
    await dropFile(page, '.voice-drop', stack.files.shortVoice, 'audio/wav');
    await page.getByRole('radio', { name: 'Sky' }).check();
    await page.getByRole('button', { name: 'Create video' }).click();
    await page.getByText('1 person found, using person 1').waitFor();
    const before = complaints.length;

    await stack.killApi();
    await page.getByText('The server isn’t responding').waitFor();
    await stack.startApi();
    await page.getByText('The server isn’t responding').waitFor({ state: 'detached' });
    await page.context().setOffline(true);
    await page.getByText('You are offline').waitFor();
    await page.context().setOffline(false);
    await page.reload();

    await page.getByRole('heading', { name: 'Your video is ready' }).waitFor({ timeout: VIDEO_MS });
    const played = await page.locator('video').evaluate(async (video: Video) => {
      video.muted = true;
      await video.play();
      await new Promise((resolve) =>
        video.addEventListener('timeupdate', () => video.currentTime > 0.2 && resolve(0)),
      );
      return { time: video.currentTime, width: video.videoWidth, poster: video.poster };
    });
    expect(played.time).toBeGreaterThan(0.2);
    expect(played.width).toBeGreaterThan(100);
    expect(played.poster).toContain('/thumbnail');
    expect(await page.locator('.step.done').count()).toBe(6);
    expect(complaints.slice(0, before)).toEqual([]);
    // Chromium logs each request that finds no server.
    expect(complaints.filter((text) => !/ERR_CONNECTION|ERR_INTERNET|ERR_INCOMPLETE/.test(text))).toEqual([]);
    await page.context().close();
  });

  it('shows a live preview, and continues with the finished video at the same position', async () => {
    const { page, complaints } = await open(stack.url, { viewport: { width: 1366, height: 700 } });
    await choose(page, SAMPLE_PHOTO, stack.files.longVoice);
    await page.getByRole('button', { name: 'Create video' }).click();
    const preview = page.locator('[data-test=preview]');
    await preview.waitFor({ timeout: VIDEO_MS });
    const timeOf = (video: Video) => video.currentTime;
    await expect.poll(() => preview.evaluate(timeOf), { timeout: 20_000 }).toBeGreaterThan(0.2);
    const box = await preview.boundingBox();
    expect(await page.getByRole('heading', { name: 'Your video is ready' }).count()).toBe(0);

    await preview.waitFor({ state: 'detached', timeout: VIDEO_MS });
    const video = page.locator('video');
    expect(await video.evaluate(timeOf)).toBeGreaterThan(0.2);
    expect(await video.boundingBox()).toEqual(box);
    const bottomOf = ({ y, height }: { y: number; height: number }) => y + height;
    const screen = await page.locator('.screen').boundingBox();
    expect(bottomOf(box!)).toBeLessThanOrEqual(bottomOf(screen!));
    expect(await video.getAttribute('src')).toMatch(/\/video$/);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('shows the video in another browser, on a phone and in German', async () => {
    const { page, complaints } = await open(await makeVideo(), {
      viewport: SIZES.phone,
      locale: 'de-DE',
    });
    await page.getByRole('heading', { name: 'Dein Video ist fertig' }).waitFor();
    expect(await page.getAttribute('html', 'lang')).toBe('de');
    await page.getByRole('tab', { name: 'Freisteller' }).click();
    await page.getByRole('slider', { name: 'Foto und Freisteller vergleichen' }).fill('20');
    expect(await faultsOfView(page)).toEqual([]);
    await page.getByRole('button', { name: 'Teilen' }).click();
    await page.getByText('Dieser Link funktioniert nur auf diesem Computer').waitFor();
    const link = await page.getByRole('textbox', { name: 'Link' }).inputValue();
    expect(await faultsOfView(page)).toEqual([]);
    await page.goto(link);
    await page.getByRole('heading', { name: 'portrait' }).waitFor();
    await expect.poll(() => page.locator('video').evaluate((video: Video) => video.videoWidth)).toBe(720);
    expect(await faultsOfView(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('lets the user choose a person with a click in the photo', async () => {
    const { page, complaints } = await open(stack.url);
    await choose(page, stack.files.twoPersons, stack.files.longVoice);
    await page.getByText('More options').click();
    await page.getByLabel('Who speaks').selectOption('ask');
    await page.getByRole('button', { name: 'Create video' }).click();
    await page.getByRole('heading', { name: 'We found 2 people. Who should speak?' }).waitFor();
    expect(await faultsOfView(page)).toEqual([]);
    await page.locator('[data-test=person-2]').click();
    await page.getByText('2 people found, using person 2').waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('heading', { name: 'Cancelled' }).waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('says what to do about a failed task, and lets the user edit it', async () => {
    const { page, complaints } = await open(stack.url, { viewport: SIZES.phone });
    await choose(page, stack.files.hills, stack.files.shortVoice);
    await page.getByRole('button', { name: 'Create video' }).click();
    await page.getByRole('heading', { name: 'No person found in the photo' }).waitFor();
    expect(await page.locator('[role=status].unseen').textContent()).toContain('No person found');
    expect(await faultsOfView(page)).toEqual([]);
    await page.getByRole('button', { name: 'Edit and try again' }).click();
    await page.getByRole('img', { name: 'Your photo: hills.png' }).waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('can be filled in and submitted with the keyboard alone', async () => {
    const { page } = await open(stack.url);
    const focused = () => page.evaluate<string>("document.activeElement?.textContent?.trim() ?? ''");
    const tabTo = async (name: string) => {
      for (let presses = 0; presses < 40; presses += 1) {
        await page.keyboard.press('Tab');
        if ((await focused()).includes(name)) return;
      }
      throw new Error(`Tab does not lead to ${name}`);
    };
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to content');
    await tabTo('Try a sample');
    await page.keyboard.press('Enter');
    await page.getByRole('slider', { name: 'End of selection' }).waitFor();
    await page.keyboard.press('Tab');
    await tabTo('Create video');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('heading', { name: 'Cancelled' }).waitFor();
    await page.context().close();
  });

  it.each(['phone', 'laptop'] as const)(
    'has no accessibility faults in any view, on a %s screen',
    async (size) => {
      const { page } = await open(stack.url, { viewport: SIZES[size] });
      expect(await faultsOfView(page)).toEqual([]);
      await choose(page, SAMPLE_PHOTO, stack.files.shortVoice);
      await page.getByRole('slider', { name: 'End of selection' }).waitFor();
      await page.getByText('More options').click();
      expect(await faultsOfView(page)).toEqual([]);
      await page.evaluate("document.documentElement.dir = 'rtl'");
      expect(await faultsOfView(page)).toEqual([]);
      for (const [view, heading] of [
        ['videos', /Videos|No videos yet/],
        ['operations', 'Operations'],
      ] as const) {
        await page.goto(`${stack.url}#/${view}`);
        await page.getByRole('heading', { name: heading }).waitFor();
        await page.waitForLoadState('networkidle');
        expect(await faultsOfView(page)).toEqual([]);
      }
      await page.context().close();
    },
  );
});
