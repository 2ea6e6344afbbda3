import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { expect, onTestFailed } from 'vitest';
import { openPage, type WatchedPage } from './browser.ts';

/** A page for the test that runs; of a test that fails there is a picture in `out/browser`. */
export async function openInTest(
  browser: Browser,
  url: string,
  options?: BrowserContextOptions,
): Promise<WatchedPage> {
  const opened = await openPage(browser, url, options);
  const { testPath, currentTestName } = expect.getState();
  const name = (currentTestName ?? testPath ?? '').replaceAll(/\W+/g, '-').slice(-60);
  onTestFailed(async () => {
    await opened.page.screenshot({ path: `out/browser/${name}.png`, fullPage: true });
  });
  return opened;
}

/** Chosen with the buttons for it. */
export async function choose(page: Page, photo: string, voice: string): Promise<void> {
  await Promise.all([
    page.setInputFiles('[data-test=photo-file]', photo),
    page.setInputFiles('[data-test=voice-file]', voice),
  ]);
}
