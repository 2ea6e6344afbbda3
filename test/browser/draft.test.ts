import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PHOTO } from '../harness/api/job-form-data.ts';
import { openBrowser, SIZES } from '../harness/browser/browser.ts';
import { faultsOfView } from '../harness/browser/faults-of-view.ts';
import { choose, openInTest } from '../harness/browser/open-in-test.ts';
import { SAMPLE_VOICE } from '../harness/browser/page-stack.ts';
import { type ServedPage, servePage } from '../harness/browser/serve-page.ts';
import { needs } from '../harness/needs.ts';

/** Keeps each stream of the microphone, so that a test can see whether it is on. */
const WATCH_MICROPHONE = `
  globalThis.tracks = [];
  const open = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
  if (open) navigator.mediaDevices.getUserMedia = async (wanted) => {
    const stream = await open(wanted);
    tracks.push(...stream.getTracks());
    return stream;
  };
`;

needs('chromium').describe('the draft', { timeout: 60_000 }, () => {
  let browser: Browser;
  let served: ServedPage;
  let folder: string;
  let photo: string;
  beforeAll(async () => {
    [browser, served] = await Promise.all([openBrowser(), servePage()]);
    folder = await mkdtemp(join(tmpdir(), 'limelight-draft-'));
    photo = join(folder, 'me.png');
    await writeFile(photo, PHOTO);
  });
  afterAll(async () => {
    await browser?.close();
    await served?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  const open = async (options?: BrowserContextOptions) => {
    const opened = await openInTest(browser, served.url, options);
    await opened.page.context().addInitScript(WATCH_MICROPHONE);
    await opened.page.reload();
    return opened;
  };
  const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
  const end = (page: Page) => page.getByRole('slider', { name: 'End of selection' });
  const openMicrophones = (page: Page) =>
    page.evaluate<number>("tracks.filter(({ readyState }) => readyState === 'live').length");
  const record = async (page: Page, ms = 1_000) => {
    await button(page, 'Record').click();
    await button(page, 'Start recording').click();
    await button(page, 'Stop').waitFor();
    await page.waitForTimeout(ms);
  };
  /** Longer than the delay after which the draft is saved. */
  const whenSaved = (page: Page) => page.waitForTimeout(500);

  it('survives a reload and the Back button: photo, whole recording, selection, options and background', async () => {
    const { page, complaints } = await open();
    await choose(page, photo, SAMPLE_VOICE);
    await end(page).waitFor();
    const whole = Number(await end(page).getAttribute('aria-valuemax'));
    for (let press = 0; press < 10; press += 1) await end(page).press('ArrowLeft');
    const selected = Number(await end(page).getAttribute('aria-valuenow'));
    expect(selected).toBeCloseTo(whole - 1, 1);
    await page.getByText('More options').click();
    await page.getByLabel('Priority').selectOption('1');
    await page
      .getByLabel('Choose a background image')
      .setInputFiles({ name: 'beach.png', mimeType: 'image/png', buffer: PHOTO });
    await expect.poll(() => page.getByRole('radio', { name: 'Image' }).isChecked()).toBe(true);
    await whenSaved(page);

    for (const come of [
      () => page.reload(),
      async () => {
        await page.goto('about:blank');
        await page.goBack();
      },
      async () => {
        await page.getByRole('link', { name: 'Operations' }).click();
        await page.getByRole('heading', { name: 'Operations' }).waitFor();
        await page.goBack();
      },
    ]) {
      await come();
      await page.getByRole('img', { name: 'Your photo: me.png' }).waitFor();
      await end(page).waitFor();
      expect(Number(await end(page).getAttribute('aria-valuemax'))).toBe(whole);
      expect(Number(await end(page).getAttribute('aria-valuenow'))).toBe(selected);
      expect(await page.getByLabel('Priority').inputValue()).toBe('1');
      expect(await page.getByRole('radio', { name: 'Image' }).isChecked()).toBe(true);
      expect(await button(page, 'Create video').getAttribute('aria-disabled')).toBe('false');
    }
    expect(complaints.filter((text) => !text.includes('503'))).toEqual([]);
    await page.context().close();
  });

  it('is one of its own in each tab, and is gone after “Start over”', async () => {
    const { page } = await open();
    await page.setInputFiles('[data-test=photo-file]', photo);
    await page.getByRole('img', { name: 'Your photo: me.png' }).waitFor();
    await whenSaved(page);
    const other = await page.context().newPage();
    await other.goto(served.url);
    await other.getByRole('button', { name: /^Drop a photo/ }).waitFor();
    expect(await button(other, 'Start over').count()).toBe(0);

    await button(page, 'Start over').click();
    await page.getByRole('button', { name: /^Drop a photo/ }).waitFor();
    await whenSaved(page);
    await page.reload();
    await page.getByRole('button', { name: /^Drop a photo/ }).waitFor();
    await page.waitForTimeout(300);
    expect(await page.getByRole('img', { name: /^Your photo/ }).count()).toBe(0);
    await page.context().close();
  });

  it.each(['phone', 'laptop'] as const)(
    'is recorded after a check of the level and a countdown, with the keyboard alone, on a %s screen',
    async (size) => {
      const { page, complaints } = await open({ viewport: SIZES[size] });
      const focused = () => page.evaluate<string>('document.activeElement.textContent');
      await button(page, 'Record').focus();
      await page.keyboard.press('Enter');
      await expect.poll(focused).toBe('Start recording');
      const level = page.locator('meter');
      await expect.poll(() => level.evaluate((meter: { value: number }) => meter.value)).toBeGreaterThan(0.2);
      expect(await faultsOfView(page)).toEqual([]);
      await page.keyboard.press('Enter');
      await page.locator('.count-in', { hasText: '3' }).waitFor();
      await page.locator('.count-in', { hasText: '1' }).waitFor();
      await expect.poll(focused).toBe('Stop');
      expect(await openMicrophones(page)).toBe(1);
      await page.waitForTimeout(1_000);
      expect(await faultsOfView(page)).toEqual([]);
      await page.keyboard.press('Enter');
      await end(page).waitFor();
      const seconds = Number(await end(page).getAttribute('aria-valuenow'));
      expect(seconds).toBeGreaterThan(0.8);
      await expect
        .poll(() => page.evaluate("document.activeElement.getAttribute('aria-label')"))
        .toBe('Play selection');
      expect(await openMicrophones(page)).toBe(0);
      expect(complaints).toEqual([]);
      await page.context().close();
    },
  );

  it('uses the chosen microphone, also the next time', async () => {
    const { page } = await open();
    await button(page, 'Record').click();
    const devices = page.getByRole('combobox', { name: 'Microphone' });
    await expect.poll(() => devices.locator('option').count()).toBeGreaterThan(2);
    const [, , second] = await devices.locator('option').allTextContents();
    await devices.selectOption(second!);
    await expect.poll(() => page.evaluate('tracks.length')).toBe(2);
    await expect.poll(() => openMicrophones(page)).toBe(1);
    await button(page, 'Cancel').click();
    expect(await openMicrophones(page)).toBe(0);
    await button(page, 'Record').click();
    await expect.poll(() => page.evaluate('tracks.length')).toBe(3);
    expect(await page.evaluate('tracks[2].label')).toBe(second);
    await page.context().close();
  });

  it('leaves the microphone off when the recorder is left, and keeps what was recorded', async () => {
    const { page } = await open();
    const leave = async () => {
      await page.getByRole('link', { name: 'Operations' }).click();
      await expect.poll(() => openMicrophones(page)).toBe(0);
      await page.getByRole('link', { name: 'Create' }).click();
    };
    await button(page, 'Record').click();
    await button(page, 'Start recording').waitFor();
    expect(await openMicrophones(page)).toBe(1);
    await leave();

    await button(page, 'Record').click();
    await button(page, 'Start recording').click();
    await page.locator('.count-in').waitFor();
    await leave();
    await button(page, 'Record').waitFor();

    await record(page);
    await leave();
    await end(page).waitFor();
    expect(Number(await end(page).getAttribute('aria-valuenow'))).toBeGreaterThan(0.8);
    await whenSaved(page);
    await page.reload();
    await end(page).waitFor();
    await page.context().close();
  });

  it('keeps what was recorded when the microphone is unplugged, and says so', async () => {
    const { page } = await open();
    await record(page);
    await page.evaluate("tracks[0].dispatchEvent(new Event('ended'))");
    await page.locator('.notice', { hasText: 'The microphone was disconnected.' }).waitFor();
    await end(page).waitFor();
    expect(await openMicrophones(page)).toBe(0);
    await page.context().close();
  });

  it('asks before a recording is lost', async () => {
    const { page } = await open();
    await record(page);
    const closing = page.waitForEvent('dialog');
    await page.close({ runBeforeUnload: true });
    const dialog = await closing;
    expect(dialog.type()).toBe('beforeunload');
    await dialog.dismiss();
    await button(page, 'Stop').click();
    await end(page).waitFor();

    for (const lose of ['Record again', 'Remove recording', 'Start over', 'Try a sample']) {
      await button(page, lose).click();
      await page.getByRole('heading', { name: 'Discard your recording?' }).waitFor();
      expect(await page.evaluate('document.activeElement.textContent')).toBe('Keep it');
      await page.keyboard.press('Enter');
      await page.locator('dialog').waitFor({ state: 'detached' });
      await page.locator('.voice-line', { hasText: 'Recording' }).waitFor();
    }
    await page.setInputFiles('[data-test=voice-file]', SAMPLE_VOICE);
    await page.getByRole('heading', { name: 'Discard your recording?' }).waitFor();
    expect(await faultsOfView(page)).toEqual([]);
    await button(page, 'Discard it').click();
    await page.locator('.voice-line', { hasText: 'voice.wav' }).waitFor();
    // A file is still on the disk.
    await button(page, 'Remove recording').click();
    await button(page, 'Record').waitFor();
    await page.context().close();
  });

  it.each([
    [1366, 768],
    [1366, 650],
  ])(
    'fits on a screen of %i by %i: backgrounds, “More options” and “Create video”',
    async (width, height) => {
      const { page } = await open({ viewport: { width, height } });
      const sees = async () => {
        const parts = ['.photo-drop', '.voice-panel', '.swatches', '.options > summary', '.submit'];
        const boxes = await Promise.all(parts.map((part) => page.locator(part).boundingBox()));
        const bottoms = boxes.map((box) => box!.y + box!.height);
        expect(Math.max(...bottoms)).toBeLessThanOrEqual(height);
        // Nothing is below the buttons, which stick to the end of the screen.
        expect(bottoms[3]).toBeLessThanOrEqual(boxes[4]!.y);
      };
      await sees();
      await choose(page, photo, SAMPLE_VOICE);
      await end(page).waitFor();
      await sees();
      expect(await faultsOfView(page)).toEqual([]);
      await page.context().close();
    },
  );
});
