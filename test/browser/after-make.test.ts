import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readPageFiles } from '../../src/api/http/page-files.ts';
import { createLimelightClient } from '../../src/client/limelight-client.ts';
import { taskKeys } from '../../src/contracts/task-keys.ts';
import { composePortrait } from '../../src/media/picture/compose-portrait.ts';
import { PHOTO, VOICE } from '../harness/api/job-form-data.ts';
import { startTestPipeline } from '../harness/api/test-pipeline.ts';
import { openBrowser, SIZES } from '../harness/browser/browser.ts';
import { faultsOfView } from '../harness/browser/faults-of-view.ts';
import { choose, openInTest } from '../harness/browser/open-in-test.ts';
import { SAMPLE_PHOTO } from '../harness/browser/page-stack.ts';
import { needs } from '../harness/needs.ts';

/** The workflow and the page are real, but no picture is analysed, so that tasks take no time. */
needs('chromium').describe('after “Create video”', { timeout: 60_000 }, async () => {
  const page = await readPageFiles(join(import.meta.dirname, '../../dist/web'));
  const { api, worker } = await startTestPipeline({ page });
  const client = createLimelightClient({ baseUrl: api.url });
  let browser: Browser;
  let folder: string;
  let [photo, large, voice] = ['', '', ''];
  beforeAll(async () => {
    browser = await openBrowser();
    folder = await mkdtemp(join(tmpdir(), 'limelight-after-make-'));
    [photo, large, voice] = [join(folder, 'me.png'), join(folder, 'large.png'), join(folder, 'hello.wav')];
    const side = 900;
    const noise = sharp(randomBytes(side * side * 3), { raw: { width: side, height: side, channels: 3 } });
    await Promise.all([writeFile(photo, PHOTO), writeFile(voice, VOICE), noise.toFile(large)]);
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const open = (options?: BrowserContextOptions) => openInTest(browser, `${api.url}/`, options);
  const make = (page: Page) => page.getByRole('button', { name: 'Create video' }).click();
  const whenReady = async (page: Page) => {
    await page.getByRole('heading', { name: 'Your video is ready' }).waitFor();
    return page.url().split('/').at(-1)!;
  };
  const optionsOf = async (id: string) => (await api.records.read(id))?.options;

  it.each(['phone', 'laptop'] as const)('the focus is on the progress, on a %s screen', async (size) => {
    using held = worker.hold('detectPersons');
    const { page, complaints } = await open({ viewport: SIZES[size] });
    await choose(page, photo, voice);
    await page.getByRole('button', { name: 'Create video' }).focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => page.evaluate<string>('document.activeElement.textContent')).toBe('Progress');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Cancel');
    held.release();
    await whenReady(page);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('an upload can be cancelled from its first second, and stays cancelled after a reload', async () => {
    const { page, complaints } = await open();
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: 100_000,
    });
    await choose(page, large, voice);
    await make(page);
    await page.getByText(/^\d+% uploaded/).waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('heading', { name: 'Cancelled' }).waitFor();
    await page.locator('.step.stopped', { hasText: 'Upload' }).waitFor();
    const id = page.url().split('/').at(-1)!;
    expect(await faultsOfView(page)).toEqual([]);

    await page.reload();
    await page.getByRole('heading', { name: 'Cancelled' }).waitFor();
    await expect(client.status(id)).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' });
    await page.getByRole('button', { name: 'Edit and try again' }).click();
    await page.getByRole('img', { name: 'Your photo: large.png' }).waitFor();
    // Chromium logs that the task which the server never got is not there.
    expect(complaints.filter((text) => !text.includes('404'))).toEqual([]);
    await page.context().close();
  });

  it('another background makes a video with it at once', async () => {
    const { page, complaints } = await open();
    await choose(page, photo, voice);
    await make(page);
    const first = await whenReady(page);
    await page.locator('.another').getByRole('radio', { name: 'Sage' }).check();
    await page.getByRole('button', { name: 'Use this background' }).click();
    await expect.poll(() => page.url()).not.toContain(first);
    const second = await whenReady(page);
    expect(await optionsOf(second)).toMatchObject({ background: '#cfe3c8' });
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('another person makes a video with that person at once', async () => {
    worker.findPersons([
      { id: 1, confidence: 0.9, box: [30, 1, 60, 60] },
      { id: 2, confidence: 0.8, box: [1, 1, 29, 60] },
    ]);
    const { page, complaints } = await open();
    await choose(page, photo, voice);
    await page.getByText('More options').click();
    await page.getByLabel('Who speaks').selectOption('auto');
    await make(page);
    const first = await whenReady(page);
    await page.getByRole('tab', { name: 'People' }).click();
    await page.getByRole('button', { name: 'Create a video with person 2' }).click();
    await expect.poll(() => page.url()).not.toContain(first);
    const second = await whenReady(page);
    worker.findPersons([{ id: 1, confidence: 0.9, box: [1, 1, 60, 60] }]);
    expect(await optionsOf(second)).toMatchObject({ persons: 2 });
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it.each(['Sky', 'Blur', 'Original', 'Image'])(
    'the preview of another background looks like the result: %s',
    async (name) => {
      const { page, complaints } = await open();
      await choose(page, SAMPLE_PHOTO, voice);
      await make(page);
      const id = await whenReady(page);
      const { photoPath, cutoutPath } = await cutOutSample(folder);
      await api.store.put(taskKeys(id).cutout, await readFile(cutoutPath));
      await page.reload();
      await whenReady(page);
      const choice = page.locator('.another').getByRole('radio', { name });
      if (name === 'Image') {
        await page.locator('.another').getByLabel('Choose a background image').setInputFiles(large);
      } else {
        await choice.check();
      }
      await expect.poll(() => choice.isChecked()).toBe(true);
      const preview = page.locator('.another .preview');
      const background = { Sky: '#c9dcef', Blur: 'blur', Original: 'original', Image: 'image' }[
        name
      ] as '#c9dcef';
      const [platePath, portraitPath] = [join(folder, 'plate.png'), join(folder, 'portrait.png')];
      await composePortrait({
        photoPath,
        cutoutPath,
        background,
        backgroundImagePath: large,
        platePath,
        portraitPath,
      });
      await expect.poll(async () => differenceOf(await preview.screenshot(), portraitPath)).toBeLessThan(7);
      expect(complaints).toEqual([]);
      await page.context().close();
    },
  );

  it('arrow keys move between the tabs of the result', async () => {
    const { page, complaints } = await open();
    await choose(page, photo, voice);
    await make(page);
    await whenReady(page);
    const selected = () => page.locator('[role=tab][aria-selected=true]').textContent();
    await page.getByRole('tab', { name: 'Video' }).focus();
    const reached: Array<string | null> = [];
    for (const key of ['ArrowRight', 'ArrowRight', 'ArrowRight', 'ArrowLeft', 'Home', 'End']) {
      await page.keyboard.press(key);
      reached.push(await selected());
      expect(await page.evaluate('document.activeElement.textContent')).toBe(reached.at(-1));
    }
    expect(reached).toEqual(['Cut-out', 'People', 'Video', 'People', 'Video', 'People']);
    expect(await page.locator('[role=tab][tabindex="0"]').count()).toBe(1);
    expect(await faultsOfView(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await page.context().close();
  });
});

/** The sample portrait as the server stores it, and a head and shoulders cut out of it. */
async function cutOutSample(folder: string): Promise<{ photoPath: string; cutoutPath: string }> {
  const [photoPath, cutoutPath] = [join(folder, 'photo.png'), join(folder, 'cutout.png')];
  const { width, height } = await sharp(SAMPLE_PHOTO).removeAlpha().png().toFile(photoPath);
  const alpha = Buffer.alloc(width * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const head = Math.hypot((x / width - 0.5) / 0.28, (y / height - 0.4) / 0.32);
      const shoulders = Math.hypot((x / width - 0.5) / 0.42, (y / height - 1) / 0.4);
      if (Math.min(head, shoulders) < 1) alpha[y * width + x] = 255;
    }
  }
  await sharp(photoPath)
    .joinChannel(alpha, { raw: { width, height, channels: 1 } })
    .toFile(cutoutPath);
  return { photoPath, cutoutPath };
}

/** Mean difference of the channels, 0 to 255, at a size that hides how they were enlarged. */
async function differenceOf(screenshot: Buffer, path: string): Promise<number> {
  const [a, b] = await Promise.all(
    [screenshot, path].map((picture) =>
      sharp(picture).resize(96, 96, { fit: 'fill' }).removeAlpha().raw().toBuffer(),
    ),
  );
  return a!.reduce((sum, value, at) => sum + Math.abs(value - b![at]!), 0) / a!.length;
}
