/** `npm run page:twenty`: submits 20 videos at once from the page and checks that none is lost. Takes minutes. */
import process from 'node:process';
import { openBrowser, openPage } from '../test/harness/browser/browser.ts';
import { SAMPLE_PHOTO, startPageStack } from '../test/harness/browser/page-stack.ts';

const TASKS = 20;
const TIMEOUT_MS = 8 * 60_000;

await using stack = await startPageStack(1.2);
const browser = await openBrowser();
const { page, complaints } = await openPage(browser, stack.url);
const startedAt = Date.now();
const seconds = () => `${((Date.now() - startedAt) / 1000).toFixed(0)} s`;
for (let task = 0; task < TASKS; task += 1) {
  await page.goto(`${stack.url}#/`);
  await page.setInputFiles('[data-test=photo-file]', SAMPLE_PHOTO);
  await page.setInputFiles('[data-test=voice-file]', stack.files.shortVoice);
  // Each is different, because an identical one would come from the cache.
  await page
    .locator('input[type=color]')
    .fill(`#${(0x203040 + task * 0x050b07).toString(16).padStart(6, '0')}`);
  await page.getByRole('button', { name: 'Create video' }).click();
}
process.stdout.write(`${TASKS} are submitted after ${seconds()}\n`);
await page.goto(`${stack.url}#/videos`);
const ready = page.locator('.video-card .state', { hasText: /^ready$/ });
let seen = 0;
while (seen < TASKS && Date.now() - startedAt < TIMEOUT_MS) {
  await page.waitForTimeout(1_000);
  const count = await ready.count();
  if (count > seen) {
    seen = count;
    process.stdout.write(`${seen} are ready after ${seconds()}\n`);
  }
}
await browser.close();
for (const complaint of complaints) {
  process.stdout.write(`the console said: ${complaint}\n`);
}
process.exitCode = seen === TASKS && complaints.length === 0 ? 0 : 1;
