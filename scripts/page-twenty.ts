/** `npm run page-twenty`: one browser has 20 videos made at once, from the page, and none is lost. Minutes. */
import process from 'node:process';
import { openBrowser, openPage } from '../test/harness/browser/browser.ts';
import { SAMPLE_PHOTO, startPageStack } from '../test/harness/browser/page-stack.ts';

const TASKS = 20;
const MOST_MS = 8 * 60_000;

await using stack = await startPageStack(1.2);
const browser = await openBrowser();
const { page, complaints } = await openPage(browser, stack.url);
const startedAt = Date.now();
const seconds = () => `${((Date.now() - startedAt) / 1000).toFixed(0)} s`;
for (let task = 0; task < TASKS; task += 1) {
  await page.goto(`${stack.url}#/`);
  await page.setInputFiles('[data-test=photo-file]', SAMPLE_PHOTO);
  await page.setInputFiles('[data-test=voice-file]', stack.files.shortVoice);
  // Each is another video: what was made before would not be made again.
  await page
    .locator('input[type=color]')
    .fill(`#${(0x203040 + task * 0x050b07).toString(16).padStart(6, '0')}`);
  await page.getByRole('button', { name: 'Create video' }).click();
}
process.stdout.write(`${TASKS} are submitted after ${seconds()}\n`);
await page.goto(`${stack.url}#/videos`);
const ready = page.locator('.video-card .state', { hasText: /^ready$/ });
let seen = 0;
while (seen < TASKS && Date.now() - startedAt < MOST_MS) {
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
