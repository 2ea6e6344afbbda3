/**
 * `npm run screenshots`: a picture of each view of the page in `docs/images`, from real tasks of the project's own samples.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { openBrowser, openPage, SIZES } from '../test/browser/browser.ts';
import { SAMPLE_PHOTO, startPageStack } from '../test/browser/page-stack.ts';

const IMAGES = join(import.meta.dirname, '../docs/images');
const VIDEO_MS = 180_000;
/** Flat surfaces: a palette of so many colours shows no steps, and a picture is a tenth of the size. */
const COLOURS = 192;

await mkdir(IMAGES, { recursive: true });
await using stack = await startPageStack(4);
const browser = await openBrowser();

async function shoot(page: Page, name: string): Promise<void> {
  // What moves stands still, and every picture and the typeface is there.
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.evaluate('document.fonts.ready');
  await page.waitForTimeout(400);
  const picture = await page.screenshot({ fullPage: false });
  await sharp(picture)
    .png({ palette: true, colours: COLOURS, effort: 10 })
    .toFile(join(IMAGES, `${name}.png`));
  process.stdout.write(`docs/images/${name}.png\n`);
}

async function fillIn(page: Page, photo: string): Promise<void> {
  await page.setInputFiles('[data-test=photo-file]', photo);
  await page.setInputFiles('[data-test=voice-file]', stack.files.shortVoice);
  await page.getByRole('slider', { name: 'End of the selection' }).waitFor();
}

const light = await openPage(browser, stack.url, { viewport: SIZES.laptop, colorScheme: 'light' });
// The typeface is in the cache from the second time on.
await light.page.reload();
await fillIn(light.page, SAMPLE_PHOTO);
await light.page.getByRole('radio', { name: 'Sky' }).check();
await shoot(light.page, 'page-create');
await light.page.getByRole('button', { name: 'Make the video' }).click();
await light.page.getByText(/^Frame \d+ of \d+$/).waitFor({ timeout: VIDEO_MS });
await shoot(light.page, 'page-progress');
await light.page.locator('video').waitFor({ timeout: VIDEO_MS });
const videoUrl = light.page.url();
await shoot(light.page, 'page-video');
await light.page.goto(`${stack.url}#/`);
await fillIn(light.page, stack.files.wall);
await light.page.getByRole('button', { name: 'Make the video' }).click();
await light.page.getByRole('heading', { name: 'Nobody was found in the photo' }).waitFor();
await shoot(light.page, 'page-failed');

const storageState = await light.page.context().storageState({ indexedDB: true });
const dark = await openPage(browser, `${stack.url}#/operations`, {
  viewport: SIZES.laptop,
  colorScheme: 'dark',
  storageState,
});
await dark.page.reload();
await dark.page.waitForLoadState('networkidle');
await shoot(dark.page, 'page-operations');
await dark.page.goto(`${stack.url}#/videos`);
await dark.page.waitForLoadState('networkidle');
await shoot(dark.page, 'page-videos');

const phone = await openPage(browser, videoUrl, {
  viewport: SIZES.phone,
  deviceScaleFactor: 2,
  colorScheme: 'dark',
  storageState,
});
await phone.page.reload();
await phone.page.locator('video').waitFor();
await shoot(phone.page, 'page-phone');
await browser.close();
