/**
 * `npm run screenshots`: takes a picture of each view of the page for `docs/images`, with real tasks of the samples.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { openBrowser, openPage, SIZES } from '../test/harness/browser/browser.ts';
import { SAMPLE_PHOTO, startPageStack } from '../test/harness/browser/page-stack.ts';

const IMAGES = join(import.meta.dirname, '../docs/images');
const VIDEO_MS = 180_000;
/** Size of the palette. Enough for flat surfaces, and a tenth of the file size. */
const COLOURS = 192;

await mkdir(IMAGES, { recursive: true });
await using stack = await startPageStack(6);
const browser = await openBrowser();

/** Playwright's own waiting evaluates code in the page, which the page's content policy forbids. */
async function videoIsLoaded(page: Page): Promise<void> {
  for (let look = 0; look < 100; look += 1) {
    // 4: enough to play to the end.
    if ((await page.evaluate("document.querySelector('video')?.readyState ?? 0")) === 4) {
      // The player removes its spinner a moment later.
      await page.waitForTimeout(1_000);
      return;
    }
    await page.waitForTimeout(100);
  }
  throw new Error('The video did not load within 10 s');
}

async function shoot(page: Page, name: string): Promise<void> {
  // Stop animations, and wait for pictures and fonts.
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.evaluate('document.fonts.ready');
  await page.waitForTimeout(400);
  const picture = await page.screenshot({ fullPage: false });
  await sharp(picture)
    .png({ palette: true, colours: COLOURS, effort: 10 })
    .toFile(join(IMAGES, `${name}.png`));
  process.stdout.write(`docs/images/${name}.png\n`);
}

async function fillIn(page: Page, photo: string, voice = stack.files.shortVoice): Promise<void> {
  await page.setInputFiles('[data-test=photo-file]', photo);
  await page.setInputFiles('[data-test=voice-file]', voice);
  await page.getByRole('slider', { name: 'End of selection' }).waitFor();
}

const { page } = await openPage(browser, stack.url, {
  viewport: SIZES.laptop,
  colorScheme: 'light',
});
// On the second load the font comes from the cache.
await page.reload();

async function make(background: string, onProgress?: () => Promise<void>): Promise<void> {
  await page.goto(`${stack.url}#/`);
  // A long video still renders when its picture is taken.
  await fillIn(page, SAMPLE_PHOTO, onProgress && stack.files.longVoice);
  await page.getByRole('radio', { name: background, exact: true }).check();
  if (onProgress) {
    const finding = page.getByText('Finding the person…');
    await finding.waitFor();
    await finding.waitFor({ state: 'detached' });
    await shoot(page, 'page-create');
  }
  await page.getByRole('button', { name: 'Create video' }).click();
  if (onProgress) {
    await page.locator('[data-test=preview]').waitFor({ timeout: VIDEO_MS });
    await onProgress();
  }
  await page.locator('[data-test=video]').waitFor({ timeout: VIDEO_MS });
}

await make('Peach');
await make('Sage');
await make('Sky', async () => {
  await page.getByRole('tab', { name: 'Cut-out' }).click();
  await shoot(page, 'page-progress');
  // The earlier choices are kept.
  await page.getByRole('tab', { name: 'Video' }).click();
});
await videoIsLoaded(page);
await shoot(page, 'page-video');
const videoUrl = page.url();
await page.goto(`${stack.url}#/`);
await fillIn(page, stack.files.hills);
await page.getByRole('button', { name: 'Create video' }).click();
await page.getByRole('heading', { name: 'No person found in the photo' }).waitFor();
await shoot(page, 'page-failed');

await page.emulateMedia({ colorScheme: 'dark' });
for (const view of ['operations', 'videos']) {
  await page.goto(`${stack.url}#/${view}`);
  await page.waitForTimeout(1_500);
  // The self-tests of the models finish last.
  await page.getByText('…', { exact: true }).first().waitFor({ state: 'detached' });
  await shoot(page, `page-${view}`);
}
await page.setViewportSize(SIZES.phone);
await page.goto(videoUrl);
await videoIsLoaded(page);
await shoot(page, 'page-phone');
await browser.close();
