import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createApp } from '../../src/api/app.ts';
import { createApiServer } from '../../src/api/http/server.ts';
import { describedApi } from '../harness/api/described-api.ts';
import { openBrowser } from '../harness/browser/browser.ts';
import { openInTest } from '../harness/browser/open-in-test.ts';
import { needs } from '../harness/needs.ts';

needs('chromium').describe('GET /docs in a browser', () => {
  const server = createApiServer(createApp(describedApi()));
  let browser: Browser;
  let url: string;

  beforeAll(async () => {
    browser = await openBrowser();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/docs`;
  });
  afterAll(async () => {
    await browser?.close();
    server.closeAllConnections();
    server.close();
  });

  it('takes less than 600 KB', async () => {
    const { page } = await openInTest(browser, 'about:blank');
    const sizes: Array<Promise<number>> = [];
    page.on('requestfinished', (request) => {
      sizes.push(request.sizes().then(({ responseBodySize }) => responseBodySize));
    });
    await page.goto(url);
    await page.locator('.opblock').first().waitFor();
    await page.waitForLoadState('networkidle');

    const loaded = (await Promise.all(sizes)).reduce((sum, bytes) => sum + bytes, 0);
    expect(loaded).toBeGreaterThan(100_000);
    expect(loaded).toBeLessThan(600_000);
  }, 60_000);

  it('shows every operation, requests no other host and logs no errors', async () => {
    const { page, complaints } = await openInTest(browser, url);
    await page.locator('.opblock-summary-path', { hasText: '/api/pipeline/generate' }).first().click();
    await page.locator('.opblock-body').getByText('conf_threshold', { exact: true }).first().waitFor();

    expect(await page.locator('.opblock').count()).toBeGreaterThan(30);
    const groups = await page.locator('.opblock-tag').allTextContents();
    expect(groups.map((text) => /^[A-Z][a-z]+/.exec(text)?.[0])).toEqual([
      'Make',
      'Follow',
      'Change',
      'Files',
      'Webhooks',
      'Health',
      'Operation',
    ]);
    expect(complaints).toEqual([]);
  }, 60_000);
});
