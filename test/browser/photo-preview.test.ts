import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import type { PhotoPreview } from '../../src/contracts/schemas/photo-preview.ts';
import { openBrowser, SIZES } from '../harness/browser/browser.ts';
import { faultsOfView } from '../harness/browser/faults-of-view.ts';
import { choose, openInTest } from '../harness/browser/open-in-test.ts';
import { type PageStack, SAMPLE_PHOTO, startPageStack } from '../harness/browser/page-stack.ts';
import { servePage } from '../harness/browser/serve-page.ts';
import { needs } from '../harness/needs.ts';

const PHONE: BrowserContextOptions = { viewport: SIZES.phone, hasTouch: true, isMobile: true };
const SIDE_PX = 400;

/** A red photo, of which the server cuts out a green square in the middle. */
const PHOTO = await sharp({
  create: { width: SIDE_PX, height: SIDE_PX, channels: 3, background: '#c00000' },
})
  .png()
  .toBuffer();
const CUTOUT = await sharp({
  create: { width: SIDE_PX / 2, height: SIDE_PX / 2, channels: 4, background: '#00c000' },
})
  .extend({ top: 100, bottom: 100, left: 100, right: 100, background: '#00000000' })
  .webp({ lossless: true })
  .toBuffer();

type Person = PhotoPreview['persons'][number];

const person = (id: number, face?: Person['face']): Person => ({
  id,
  confidence: 0.9,
  box: [0, 0, 100, 100],
  face_url: `/api/pipeline/previews/x/faces/${id}`,
  ...(face && { face }),
});
const GOOD = { warnings: [] };
const SMALL = {
  refusal: { reason: 'too_small' as const, height_px: 31, min_height_px: 70 },
  warnings: [],
};

/** Serves the page, with previews that find these people, and counts the forms. */
async function serve(persons: Person[]) {
  const asked: Array<Record<string, unknown>> = [];
  const served = await servePage(async (c) => {
    if (c.req.method === 'GET') return c.body(new Uint8Array(CUTOUT), 200, { 'Content-Type': 'image/webp' });
    const form = await c.req.parseBody();
    asked.push(form);
    const selected = Number(form.person ?? persons[0]?.id);
    return c.json({
      preview_id: 'x',
      photo: { width_px: SIDE_PX, height_px: SIDE_PX },
      persons,
      warnings: [],
      ...(persons.length > 0 && {
        selected_person_id: selected,
        cutout_url: '/api/pipeline/previews/x/cutout',
      }),
    });
  });
  onTestFinished(() => served[Symbol.asyncDispose]());
  return { url: served.url, asked };
}

/** The colour of the preview, at shares of its sides. */
async function colourAt(page: Page, x: number, y: number): Promise<number[]> {
  return page.evaluate(`(() => {
    const shown = document.querySelector('.photo-drop canvas');
    // Chromium warns of repeated reads from the page's own canvas.
    const pixel = new OffscreenCanvas(1, 1).getContext('2d');
    pixel.drawImage(shown, ${x} * shown.width, ${y} * shown.height, 1, 1, 0, 0, 1, 1);
    return [...pixel.getImageData(0, 0, 1, 1).data];
  })()`);
}

needs('chromium').describe('the preview of a photo', { timeout: 120_000 }, () => {
  let browser: Browser;
  let folder: string;
  let photo: string;
  beforeAll(async () => {
    browser = await openBrowser();
    folder = await mkdtemp(join(tmpdir(), 'limelight-preview-'));
    photo = join(folder, 'me.png');
    await writeFile(photo, PHOTO);
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const open = (url: string, options?: BrowserContextOptions) => openInTest(browser, url, options);
  const take = (page: Page) => page.setInputFiles('[data-test=photo-file]', photo);

  it('shows the photo at once and then the real cut-out on the background', async () => {
    const { url } = await serve([person(1, GOOD)]);
    const { page, complaints } = await open(url);

    await take(page);

    await page.getByRole('img', { name: 'Your photo: me.png' }).waitFor();
    // The grey of the default background, and the person in the colours of the server.
    await expect.poll(() => colourAt(page, 0.05, 0.05)).toEqual([0xe8, 0xe8, 0xea, 255]);
    expect(await colourAt(page, 0.5, 0.5)).toEqual([0, 0xc0, 0, 255]);
    await page.getByRole('radio', { name: 'Original' }).check();
    await expect.poll(() => colourAt(page, 0.5, 0.5)).toEqual([0xc0, 0, 0, 255]);
    expect(await page.locator('.faces').count()).toBe(0);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('shows the photo alone while the server is busy, and can be submitted', async () => {
    const served = await servePage();
    onTestFinished(() => served[Symbol.asyncDispose]());
    const { page, complaints } = await open(served.url);

    await take(page);

    await page.getByText('Finding the person…').waitFor();
    expect(await colourAt(page, 0.05, 0.05)).toEqual([0xc0, 0, 0, 255]);
    expect(await page.locator('.notice').count()).toBe(0);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it.each([
    ['a laptop', {}],
    ['a phone', PHONE],
  ])('lets people choose between faces on %s, and says which will not work', async (_, options) => {
    const { url, asked } = await serve([person(1, GOOD), person(2, GOOD), person(3, SMALL)]);
    const { page, complaints } = await open(url, options);
    await take(page);
    await page.getByRole('heading', { name: 'We found 3 people. Who should speak?' }).waitFor();
    expect(asked).toMatchObject([{ image: expect.anything() }]);
    expect(await page.getByRole('button', { name: /^Person 3/ }).textContent()).toContain(
      'The face is too small: 31 pixels from hairline to chin',
    );

    const second = page.getByRole('button', { name: /^Person 2/ });
    await second.focus();
    await page.keyboard.press('Enter');

    await expect.poll(() => asked.at(-1)).toMatchObject({ person: '2' });
    expect(await second.getAttribute('aria-pressed')).toBe('true');
    expect(await faultsOfView(page)).toEqual([]);
    expect(complaints).toEqual([]);
    // The numbers belong to the old photo.
    await take(page);
    await expect.poll(() => asked.length).toBe(3);
    expect(asked[2]).not.toHaveProperty('person');
    await page.context().close();
  });

  it('says in German why the only face will not work', async () => {
    const { url } = await serve([person(1, SMALL)]);
    const { page } = await open(url, { ...PHONE, locale: 'de-DE' });

    await take(page);

    const notice = page.getByRole('status').filter({ hasText: '31' });
    await notice.waitFor();
    expect(await notice.textContent()).toContain('klein');
    expect(await faultsOfView(page)).toEqual([]);
    await page.context().close();
  });

  it('says that there is nobody in the photo', async () => {
    const { url } = await serve([]);
    const { page } = await open(url);

    await take(page);

    await page.getByText('We found no person in this photo.').waitFor();
    expect(await colourAt(page, 0.5, 0.5)).toEqual([0xc0, 0, 0, 255]);
    await page.context().close();
  });
});

needs('chromium').describe('the preview of a photo by a real server', { timeout: 200_000 }, () => {
  let browser: Browser;
  let stack: PageStack;
  beforeAll(async () => {
    [stack, browser] = await Promise.all([startPageStack(), openBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await stack?.[Symbol.asyncDispose]();
  });

  it('gives the chosen face to the task', async () => {
    const { page, complaints } = await openInTest(browser, stack.url);
    await choose(page, stack.files.twoPersons, stack.files.shortVoice);
    await page.getByRole('heading', { name: 'We found 2 people. Who should speak?' }).waitFor();
    await page.screenshot({ path: 'out/browser/preview-two-people.png', fullPage: true });

    await page.locator('[data-test=face-2]').click();
    await page.getByRole('button', { name: 'Create video' }).click();

    await page.getByText('2 people found, using person 2').waitFor({ timeout: 120_000 });
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('cuts out the sample portrait', async () => {
    const { page, complaints } = await openInTest(browser, stack.url);
    await page.setInputFiles('[data-test=photo-file]', SAMPLE_PHOTO);

    await expect.poll(() => colourAt(page, 0.01, 0.01), { timeout: 30_000 }).toEqual([0xe8, 0xe8, 0xea, 255]);

    await page.screenshot({ path: 'out/browser/preview-sample.png', fullPage: true });
    expect(complaints).toEqual([]);
    await page.context().close();
  });
});
