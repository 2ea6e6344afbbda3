import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readPageFiles } from '../../src/api/http/page-files.ts';
import { API_LIMITS } from '../../src/api/submit/limits.ts';
import { VOICE } from '../harness/api/job-form-data.ts';
import { startTestPipeline } from '../harness/api/test-pipeline.ts';
import { openBrowser } from '../harness/browser/browser.ts';
import { faultsOfView } from '../harness/browser/faults-of-view.ts';
import { openInTest } from '../harness/browser/open-in-test.ts';
import { needs } from '../harness/needs.ts';

const plain = (width: number, height = width): Sharp =>
  sharp({ create: { width, height, channels: 3, background: '#8aa' } });

/** The server would refuse these too, but only after the upload. */
const PHOTOS: Record<string, { bytes: Buffer; said: string }> = {
  'letter.jpg': { bytes: Buffer.from('%PDF-1.7\n'), said: 'is of type PDF' },
  'scan by another name.jpg': { bytes: await plain(80).tiff().toBuffer(), said: 'is of type TIFF' },
  'notes.png': { bytes: Buffer.from('hello'), said: 'is no photo' },
  'nothing.jpg': { bytes: Buffer.alloc(0), said: 'is empty' },
  'cut-off.jpg': {
    bytes: (await plain(400).jpeg().toBuffer()).subarray(0, 700),
    said: 'is damaged or incomplete',
  },
  'icon.png': { bytes: await plain(32).png().toBuffer(), said: 'is smaller than 64 pixels' },
  'poster.png': { bytes: await plain(9000, 6000).png().toBuffer(), said: 'has more than 50 megapixels' },
  'large.png': { bytes: Buffer.alloc(API_LIMITS.imageBytes + 1), said: 'is larger than 25 MB' },
};

needs('chromium').describe('unusable files', { timeout: 60_000 }, async () => {
  const page = await readPageFiles(join(import.meta.dirname, '../../dist/web'));
  const { api } = await startTestPipeline({ page });
  let browser: Browser;
  let folder: string;
  beforeAll(async () => {
    browser = await openBrowser();
    folder = await mkdtemp(join(tmpdir(), 'limelight-refused-files-'));
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const kept = async (name: string, bytes: Uint8Array) => {
    const path = join(folder, name);
    await writeFile(path, bytes);
    return path;
  };

  it('are refused with a message before the upload, and the previous photo stays', async () => {
    const { page, complaints } = await openInTest(browser, `${api.url}/`);
    await page.setInputFiles(
      '[data-test=photo-file]',
      await kept('me.jpg', await plain(200).jpeg().toBuffer()),
    );
    const photo = page.getByRole('img', { name: 'Your photo: me.jpg' });
    await photo.waitFor();
    for (const [name, { bytes, said }] of Object.entries(PHOTOS)) {
      await page.setInputFiles('[data-test=photo-file]', await kept(name, bytes));
      await page.locator('.photo-panel .notice', { hasText: `“${name}” ${said}` }).waitFor();
      expect(await photo.count()).toBe(1);
    }
    expect(await faultsOfView(page)).toEqual([]);
    await page.setInputFiles('[data-test=photo-file]', join(folder, 'me.jpg'));
    await page.locator('.photo-panel .notice').waitFor({ state: 'detached' });
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('are also refused as background and as voice', async () => {
    const { page, complaints } = await openInTest(browser, `${api.url}/`);
    await page.setInputFiles(
      '.swatches input[type=file]',
      await kept('hills.tiff', await plain(80).tiff().toBuffer()),
    );
    await page.locator('.swatches .notice', { hasText: '“hills.tiff” is of type TIFF' }).waitFor();
    await page.setInputFiles('[data-test=voice-file]', await kept('hello.wav', VOICE));
    await page.locator('.voice-line', { hasText: 'hello.wav' }).waitFor();
    for (const [name, bytes, said] of [
      ['nothing.wav', Buffer.alloc(0), 'is empty'],
      ['letter.mp3', Buffer.from('%PDF-1.7\n'), 'is of type PDF'],
      ['notes.mp3', Buffer.from('hello'), 'is no recording'],
    ] as const) {
      await page.setInputFiles('[data-test=voice-file]', await kept(name, bytes));
      await page.locator('.notice', { hasText: `“${name}” ${said}` }).waitFor();
      await page.locator('.voice-line', { hasText: 'hello.wav' }).waitFor();
    }
    expect(await faultsOfView(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await page.context().close();
  });
});
