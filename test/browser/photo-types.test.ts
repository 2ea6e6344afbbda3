import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readPageFiles } from '../../src/api/http/page-files.ts';
import { startTestPipeline } from '../harness/api/test-pipeline.ts';
import { openBrowser } from '../harness/browser/browser.ts';
import { openInTest } from '../harness/browser/open-in-test.ts';
import { listFiles } from '../harness/media-kinds.ts';
import { needs } from '../harness/needs.ts';
import { PICTURE_KINDS } from '../harness/pictures/picture-kinds.ts';

const PICTURES = listFiles(PICTURE_KINDS);

needs('chromium').describe('photos of all types', { timeout: 60_000 }, async () => {
  const { api } = await startTestPipeline({
    page: await readPageFiles(join(import.meta.dirname, '../../dist/web')),
  });
  let browser: Browser;
  let folder: string;
  beforeAll(async () => {
    browser = await openBrowser();
    folder = await mkdtemp(join(tmpdir(), 'limelight-photo-types-'));
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function choose(page: Page, name: string): Promise<void> {
    const path = join(folder, name);
    await writeFile(path, await PICTURES.find((picture) => picture.name === name)!.make!());
    await page.setInputFiles('[data-test=photo-file]', path);
  }

  it.each([
    'tiles-lying.heic',
    'only-mif1.heif',
    'ten-bits.heic',
    'stray-bytes.jpg',
    'without-last-byte.jpg',
    'still.gif',
    'faded-cutout.webp',
  ])('show %s before it is uploaded', async (name) => {
    const { page, complaints } = await openInTest(browser, `${api.url}/`);
    await choose(page, name);

    await page.getByRole('img', { name: `Your photo: ${name}` }).waitFor();

    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('show a HEIC photo in the tiles of the backgrounds, and no animation in a still GIF', async () => {
    const { page, complaints } = await openInTest(browser, `${api.url}/`);
    await choose(page, 'tiles-lying.heic');
    const tile = page.locator('.swatches img:not(.blurred)');
    await tile.waitFor();
    await expect
      .poll(() => tile.evaluate((image) => [image.naturalWidth, image.naturalHeight].join()))
      .toBe('512,640');

    await choose(page, 'still.gif');
    await page.getByRole('img', { name: 'Your photo: still.gif' }).waitFor();
    expect(await page.locator('.photo-bar', { hasText: 'first frame' }).count()).toBe(0);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('accept what only the server can read', async () => {
    const { page, complaints } = await openInTest(browser, `${api.url}/`);
    await choose(page, 'only-mif1.avif');

    await page.locator('.photo-panel', { hasText: 'can’t preview the photo' }).waitFor();

    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('refuse a JPEG of which a quarter is missing', async () => {
    const { page, complaints } = await openInTest(browser, `${api.url}/`);
    await choose(page, 'three-quarters.jpg');

    await page.locator('.photo-panel .notice', { hasText: 'is damaged or incomplete' }).waitFor();

    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it.each(['animated.gif', 'animated.webp', 'animated.png'])(
    'say that only the first frame of %s is used',
    async (name) => {
      const { page, complaints } = await openInTest(browser, `${api.url}/`);
      await choose(page, name);

      await page.locator('.photo-bar', { hasText: 'Its first frame is used' }).waitFor();

      expect(complaints).toEqual([]);
      await page.context().close();
    },
  );
});
