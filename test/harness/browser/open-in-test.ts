import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { expect, onTestFailed } from 'vitest';
import { openPage, type WatchedPage } from './browser.ts';

/** Opens a page for the running test. If the test fails, there is a screenshot in `out/browser`. */
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

/** Chooses the files with the page's file inputs. */
export async function choose(page: Page, photo: string, voice: string): Promise<void> {
  await Promise.all([
    page.setInputFiles('[data-test=photo-file]', photo),
    page.setInputFiles('[data-test=voice-file]', voice),
  ]);
}
