import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readPageFiles } from '../../src/api/http/page-files.ts';
import { CONSENT_TEXTS } from '../../src/contracts/consent.ts';
import { PHOTO, VOICE } from '../harness/api/job-form-data.ts';
import { startTestPipeline } from '../harness/api/test-pipeline.ts';
import { openBrowser, SIZES } from '../harness/browser/browser.ts';
import { faultsOfView } from '../harness/browser/faults-of-view.ts';
import { choose, openInTest } from '../harness/browser/open-in-test.ts';
import { needs } from '../harness/needs.ts';

needs('chromium').describe('the consent box', { timeout: 60_000 }, async () => {
  const page = await readPageFiles(join(import.meta.dirname, '../../dist/web'));
  const { api } = await startTestPipeline({ page, defaults: { requiresConsent: true } });
  let browser: Browser;
  let folder: string;
  let [photo, other, voice] = ['', '', ''];
  beforeAll(async () => {
    browser = await openBrowser();
    folder = await mkdtemp(join(tmpdir(), 'limelight-consent-'));
    [photo, other, voice] = [join(folder, 'me.png'), join(folder, 'you.png'), join(folder, 'hello.wav')];
    await Promise.all([writeFile(photo, PHOTO), writeFile(other, PHOTO), writeFile(voice, VOICE)]);
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const open = (options?: BrowserContextOptions) => openInTest(browser, `${api.url}/`, options);
  const recordOf = async (url: string) => (await api.records.read(url.split('/').at(-1)!))!;

  it.each(['phone', 'laptop'] as const)('must be ticked first, on a %s screen', async (size) => {
    const { page, complaints } = await open({ viewport: SIZES[size] });
    const box = page.getByRole('checkbox', { name: CONSENT_TEXTS['en-1'] });
    expect(await box.isDisabled()).toBe(true);
    await choose(page, photo, voice);
    const blocked = page.getByRole('button', { name: 'Confirm that everyone has agreed' });
    await blocked.click({ force: true });
    expect(page.url()).toBe(`${api.url}/`);
    expect(await faultsOfView(page)).toEqual([]);

    await box.check();
    await page.getByRole('button', { name: 'Copy as code' }).click();
    await page.getByText("--form-string 'consent=en-1'").waitFor();
    await page.getByRole('tab', { name: 'CLI' }).click();
    await page.getByText('--consent').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Create video' }).click();
    await page.getByRole('heading', { name: 'Your video is ready' }).waitFor();
    const { consent, submitted_at } = await recordOf(page.url());
    expect(consent).toEqual({ text: 'en-1', given_at: submitted_at });
    expect(complaints.filter((text) => !/decod|media/i.test(text))).toEqual([]);
    await page.context().close();
  });

  it('is about one photo and one recording, in the language of the page', async () => {
    const { page } = await open({ locale: 'de-DE' });
    const box = page.getByRole('checkbox', { name: CONSENT_TEXTS['de-1'] });
    await choose(page, photo, voice);
    await box.check();
    await page.setInputFiles('[data-test=photo-file]', other);
    await page.getByRole('img', { name: 'Dein Foto: you.png' }).waitFor();
    expect(await box.isChecked()).toBe(false);
    await box.check();
    await page.getByRole('slider', { name: 'Ende der Auswahl' }).press('ArrowLeft');
    expect(await box.isChecked()).toBe(true);
    await page.getByRole('button', { name: 'Video erstellen' }).click();
    await page.getByRole('heading', { name: 'Dein Video ist fertig' }).waitFor();
    expect((await recordOf(page.url())).consent).toMatchObject({ text: 'de-1' });

    // The next video starts without it.
    await page.goto(`${api.url}/#/`);
    await page.reload();
    await page.getByRole('img', { name: 'Dein Foto: you.png' }).waitFor();
    expect(await box.isChecked()).toBe(false);
    await page.context().close();
  });

  it('is the only line about consent but the one in the footer', async () => {
    const { page } = await open();
    expect(await page.getByText('people who have agreed').count()).toBe(1);
    await page.context().close();
  });
});
