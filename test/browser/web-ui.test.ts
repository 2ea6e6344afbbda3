import { openAsBlob } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createLimelightClient } from '../../src/client/limelight-client.ts';
import { openBrowser } from '../harness/browser/browser.ts';
import { needs } from '../harness/needs.ts';
import { startTestStack, type TestStack } from '../harness/stack/test-stack.ts';

const SAMPLES = join(import.meta.dirname, '../../samples');

needs('chromium').describe('Temporal’s Web UI', { timeout: 180_000 }, () => {
  let stack: TestStack;
  let browser: Browser;
  beforeAll(async () => {
    [stack, browser] = await Promise.all([
      // Nothing listens there, as in an outage of D-ID.
      startTestStack({ D_ID_API_URL: 'http://127.0.0.1:9', D_ID_API_KEY: 'web:ui', ONNX_THREADS: '1' }),
      openBrowser(),
    ]);
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    await stack?.[Symbol.asyncDispose]();
  });

  const openWorkflow = async (page: Page, id: string) => {
    await page.goto(`${stack.webUiUrl}/namespaces/default/workflows/${encodeURIComponent(id)}`);
    await page.getByText('User Metadata').first().click();
  };

  /** Details of a workflow are Markdown, which the Web UI shows in separate frames. */
  const detailsOn = async (page: Page) => {
    const frames = page.frames().filter((frame) => frame !== page.mainFrame());
    return (await Promise.all(frames.map((frame) => frame.locator('body').textContent()))).join('\n');
  };

  it('shows why a job waits during an outage of D-ID, and when it retries', async () => {
    const client = createLimelightClient({ baseUrl: stack.apiUrl });
    const [image, audio] = await Promise.all([
      openAsBlob(join(SAMPLES, 'portrait.jpg')),
      openAsBlob(join(SAMPLES, 'voice.wav')),
    ]);
    // The breaker opens when several tasks fail: one that fails alone is held alone.
    const submit = (name: string) =>
      client.submit({ image, audio, fields: { provider: 'd-id', cache: 'no-store', name } });
    const { task_id: id } = await submit('first');
    const { task_id: other } = await submit('second');
    const signal = AbortSignal.timeout(150_000);
    while (!/next try/.test((await client.status(id)).message ?? '')) {
      signal.throwIfAborted();
      await sleep(500);
    }
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    page.setDefaultTimeout(60_000);
    await openWorkflow(page, `video/${id}`);
    await expect
      .poll(() => detailsOn(page), { timeout: 30_000 })
      .toMatch(/D-ID is not answering; next try at \d\d:\d\d:\d\d/);

    // Its breaker opens after some attempts.
    await openWorkflow(page, 'provider/d-id');
    const refreshed = async () => {
      await page.keyboard.press('r');
      return detailsOn(page);
    };
    await expect
      .poll(refreshed, { timeout: 90_000, interval: 1_000 })
      .toMatch(/Held: the provider is not answering; one job tries again at \d\d:\d\d:\d\d/);
    await Promise.all([id, other].map((one) => client.cancel(one)));
  });
});
