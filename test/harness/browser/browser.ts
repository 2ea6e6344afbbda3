import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { chromiumPath } from './chromium-path.ts';

/** A headless browser. Its fake microphone plays beeps, and every page may use it. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath!,
    args: [
      '--no-sandbox',
      '--disable-dev-shm-usage',
      '--autoplay-policy=no-user-gesture-required',
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
      '--force-color-profile=srgb',
      '--font-render-hinting=none',
    ],
  });
}

export interface WatchedPage {
  page: Page;
  /** Console warnings and errors, uncaught errors, and requests to other hosts. */
  complaints: string[];
}

export const SIZES = {
  phone: { width: 390, height: 844 },
  laptop: { width: 1366, height: 850 },
  wide: { width: 1920, height: 1080 },
} as const;

export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: SIZES.laptop, locale: 'en-GB', ...options });
  // Test machines are busy.
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') {
      complaints.push(`${message.text()} ${message.location().url}`);
    }
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  const { host } = new URL(url);
  page.on('request', (request) => {
    const to = new URL(request.url());
    if (/^https?:|^wss?:/.test(to.protocol) && to.host !== host) complaints.push(`request to ${to.host}`);
  });
  await page.goto(url);
  return { page, complaints };
}
