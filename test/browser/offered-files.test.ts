import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, FileChooser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PHOTO, VOICE } from '../harness/api/job-form-data.ts';
import { openBrowser, SIZES } from '../harness/browser/browser.ts';
import { faultsOfView } from '../harness/browser/faults-of-view.ts';
import { openInTest } from '../harness/browser/open-in-test.ts';
import { type ServedPage, servePage } from '../harness/browser/serve-page.ts';
import { needs } from '../harness/needs.ts';

const LONG = 'a_file_name_without_any_space_'.repeat(7);
const PHONE: BrowserContextOptions = { viewport: SIZES.phone, hasTouch: true, isMobile: true };
const LAPTOP: BrowserContextOptions = { viewport: { width: 1366, height: 768 } };

needs('chromium').describe('files that are offered to the page', { timeout: 60_000 }, () => {
  let browser: Browser;
  let served: ServedPage;
  let folder: string;
  beforeAll(async () => {
    [browser, served] = await Promise.all([openBrowser(), servePage()]);
    folder = await mkdtemp(join(tmpdir(), 'limelight-offered-files-'));
    await mkdir(join(folder, 'Holiday'));
  });
  afterAll(async () => {
    await browser?.close();
    await served?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  const open = (options?: BrowserContextOptions) => openInTest(browser, served.url, options);
  const file = async (name: string, bytes: Buffer) => {
    await writeFile(join(folder, name), bytes);
    return join(folder, name);
  };
  const photo = (name = 'me.png') => file(name, PHOTO);
  const voice = (name = 'hello.wav') => file(name, VOICE);
  const letter = () => file('letter.pdf', Buffer.from('%PDF-1.7\n'));

  /** As a file manager or another program does it. */
  const drop = async (page: Page, target: string, data: { files?: string[]; items?: object[] }) => {
    const devtools = await page.context().newCDPSession(page);
    const box = (await page.locator(target).first().boundingBox())!;
    const at = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
      await devtools.send('Input.dispatchDragEvent', {
        ...at,
        type,
        data: { items: [], files: [], dragOperationsMask: 1, ...data } as never,
      });
    }
    await devtools.detach();
  };
  const seesPhoto = (page: Page, name = 'me.png') =>
    page.getByRole('img', { name: `Your photo: ${name}` }).waitFor();
  const seesVoice = (page: Page, name = 'hello.wav') =>
    page.locator('.voice-line', { hasText: name }).waitFor();

  it('go where they belong, wherever they are dropped', async () => {
    const { page, complaints } = await open();
    await drop(page, '.voice-drop', { files: [await photo()] });
    await seesPhoto(page);
    await drop(page, '.photo-drop', { files: [await voice()] });
    await seesVoice(page);
    await drop(page, 'h1', { files: [await voice('later.wav'), await photo('older.png')] });
    await seesPhoto(page, 'older.png');
    await seesVoice(page, 'later.wav');
    expect(await page.locator('.not-taken, .photo-drop .notice').count()).toBe(0);

    await drop(page, '.swatches', { files: [await photo('beach.png')] });
    await expect.poll(() => page.getByRole('radio', { name: 'Image' }).isChecked()).toBe(true);
    await seesPhoto(page, 'older.png');
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('are recognized by their content, not by their name', async () => {
    const { page } = await open();
    await drop(page, 'h1', { files: [await photo('portrait'), await voice('memo.jpg')] });
    await seesPhoto(page, 'portrait');
    await seesVoice(page, 'memo.jpg');
    await page.context().close();
  });

  it('lead to the form from every other view', async () => {
    const { page } = await open();
    await page.goto(`${served.url}#/operations`);
    await page.getByRole('heading', { name: 'Operations' }).waitFor();
    await drop(page, 'h1', { files: [await photo()] });
    await seesPhoto(page);
    expect(page.url()).toMatch(/#\/$/);
    await page.context().close();
  });

  it('that are not used are named: more photos, documents, folders, links and text', async () => {
    const { page, complaints } = await open();
    const said = async (text: string | RegExp) => {
      await page.locator('.not-taken', { hasText: text }).waitFor();
      expect(await page.locator('[role=status].unseen').textContent()).toMatch(text);
    };
    await drop(page, 'h1', {
      files: [await photo('a.png'), await photo('b.png'), await photo('c.png'), await letter()],
    });
    await seesPhoto(page, 'a.png');
    await said('A video has one photo. Not used: “b.png” and “c.png”.');
    await said('neither a photo nor a recording: “letter.pdf”.');
    expect(await faultsOfView(page)).toEqual([]);
    await page.getByRole('button', { name: 'Close' }).click();
    expect(await page.locator('.not-taken').count()).toBe(0);

    await drop(page, '.photo-drop', { files: [join(folder, 'Holiday')] });
    await said('“Holiday” is a folder.');
    const link = { mimeType: 'text/uri-list', data: 'https://example.org/me.jpg' };
    await drop(page, '.photo-drop', { items: [link] });
    await said('That was a link, not a file.');
    await drop(page, '.photo-drop', { items: [{ mimeType: 'text/plain', data: 'hello' }] });
    await said('That was text, not a file.');
    await drop(page, 'h1', { files: [await voice()] });
    await page.locator('.not-taken').waitFor({ state: 'detached' });
    await seesPhoto(page, 'a.png');
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('may be pasted as a picture, and pasted text is answered', async () => {
    const { page } = await open({ permissions: ['clipboard-read', 'clipboard-write'] });
    await page.evaluate(`(async () => {
      const bytes = Uint8Array.from(atob('${PHOTO.toString('base64')}'), (letter) => letter.charCodeAt(0));
      await navigator.clipboard.write([new ClipboardItem({ 'image/png': new Blob([bytes], { type: 'image/png' }) })]);
    })()`);
    await page.keyboard.press('Control+V');
    await page.getByRole('img', { name: /^Your photo: / }).waitFor();
    await page.evaluate("navigator.clipboard.writeText('hello')");
    await page.keyboard.press('Control+V');
    await page.locator('.not-taken', { hasText: 'That was text' }).waitFor();
    await page.context().close();
  });

  it.each([
    ['phone', PHONE],
    ['laptop', LAPTOP],
  ])('show why they are refused inside the photo’s zone and in view, on a %s', async (_, options) => {
    const { page } = await open(options);
    const path = await letter();
    const zone = page.locator('.photo-drop');
    const isInView = async () => {
      const notice = (await zone.locator('.notice').boundingBox())!;
      const frame = (await zone.boundingBox())!;
      const { height } = page.viewportSize()!;
      expect(notice.y).toBeGreaterThanOrEqual(Math.max(0, frame.y));
      expect(notice.y + notice.height).toBeLessThanOrEqual(Math.min(height, frame.y + frame.height));
    };
    await page.setInputFiles('[data-test=photo-file]', path);
    await zone.getByText('“letter.pdf” is of type PDF').waitFor();
    await isInView();
    await page.setInputFiles('[data-test=photo-file]', await photo());
    await seesPhoto(page);
    expect(await zone.locator('.notice').count()).toBe(0);
    await page.evaluate('scrollTo(0, document.documentElement.scrollHeight)');
    await page.setInputFiles('[data-test=photo-file]', path);
    await zone.getByText('“letter.pdf” is of type PDF').waitFor();
    await expect.poll(isInView).toBeUndefined();
    expect(await faultsOfView(page)).toEqual([]);
    await page.context().close();
  });

  it.each([
    ['phone', PHONE],
    ['laptop', LAPTOP],
  ])('do not widen the page with their names, on a %s', async (_, options) => {
    const { page } = await open(options);
    await page.setInputFiles('[data-test=photo-file]', await photo(`${LONG}.png`));
    await page.setInputFiles('[data-test=voice-file]', await voice(`${LONG}.wav`));
    await seesVoice(page, LONG);
    expect(await faultsOfView(page)).toEqual([]);
    await page.getByRole('button', { name: 'Copy as code' }).click();
    await page.getByRole('tabpanel').waitFor();
    expect(await faultsOfView(page)).toEqual([]);
    await page.keyboard.press('Escape');
    // No browser can show it, and the server might.
    const avif = Buffer.from('0000001c667479706176696600000000617669666d69663100000000', 'hex');
    await page.setInputFiles('[data-test=photo-file]', await file(`${LONG}.avif`, avif));
    await page.locator('.photo-drop', { hasText: 'This browser can’t preview the photo' }).waitFor();
    await page.setInputFiles('[data-test=voice-file]', await file(`${LONG}.mp3`, Buffer.from('%PDF-1.7')));
    await page.locator('.notice', { hasText: 'is of type PDF. Choose a file as WAV' }).waitFor();
    await page.setInputFiles('[data-test=photo-file]', await file(`${LONG}.pdf`, Buffer.from('%PDF-1.7')));
    await page.locator('.photo-drop .notice', { hasText: 'is of type PDF' }).waitFor();
    expect(await faultsOfView(page)).toEqual([]);
    await page.context().close();
  });

  it('are chosen with the keyboard: the whole zone of the photo is a button', async () => {
    const { page } = await open();
    const zone = page.getByRole('button', { name: /^Drop a photo here/ });
    const [button, frame] = [await zone.boundingBox(), await page.locator('.photo-drop').boundingBox()];
    expect(button).toEqual(frame);
    const choosers: FileChooser[] = [];
    page.on('filechooser', (chooser) => choosers.push(chooser));
    // A browser that is busy with a new page may miss the first key.
    await expect
      .poll(
        async () => {
          await zone.press('Enter');
          return choosers.length;
        },
        { interval: 500 },
      )
      .toBeGreaterThan(0);
    await choosers[0]!.setFiles(await photo());
    await seesPhoto(page);
    await page.context().close();
  });

  it('are taken with the camera or chosen on a phone, where nothing can be dropped', async () => {
    const { page } = await open(PHONE);
    const [chooser] = await Promise.all([
      page.waitForEvent('filechooser'),
      page.getByRole('button', { name: /^Take or choose a photo/ }).tap(),
    ]);
    await chooser.setFiles(await photo());
    await seesPhoto(page);
    expect(await page.getByText(/Drop/).filter({ visible: true }).count()).toBe(0);
    await page.context().close();
  });
});
