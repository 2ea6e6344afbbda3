import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { readPageFiles } from '../../src/api/http/page-files.ts';
import { createLimelightClient } from '../../src/client/limelight-client.ts';
import { PipelineError } from '../../src/errors.ts';
import { toRefusal } from '../../src/providers/local/face/to-refusal.ts';
import { PHOTO, VOICE } from '../harness/api/job-form-data.ts';
import { submit } from '../harness/api/submit.ts';
import { startTestPipeline } from '../harness/api/test-pipeline.ts';
import { openBrowser, SIZES } from '../harness/browser/browser.ts';
import { faultsOfView } from '../harness/browser/faults-of-view.ts';
import { choose, openInTest } from '../harness/browser/open-in-test.ts';
import { needs } from '../harness/needs.ts';

/** The workflow and the page are real, but no picture is analysed, so that tasks take no time. */
needs('chromium').describe('tasks on the page', { timeout: 60_000 }, async () => {
  const page = await readPageFiles(join(import.meta.dirname, '../../dist/web'));
  const { api, worker } = await startTestPipeline({ page, defaults: { retryWindowS: 60 } });
  const client = createLimelightClient({ baseUrl: api.url });
  let browser: Browser;
  let folder: string;
  let [photo, voice] = ['', ''];
  beforeAll(async () => {
    browser = await openBrowser();
    folder = await mkdtemp(join(tmpdir(), 'limelight-page-tasks-'));
    [photo, voice] = [join(folder, 'me.png'), join(folder, 'hello.wav')];
    await Promise.all([writeFile(photo, PHOTO), writeFile(voice, VOICE)]);
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const open = (options?: BrowserContextOptions) => openInTest(browser, `${api.url}/`, options);
  const make = async (page: Page) => {
    await page.getByRole('button', { name: 'Create video' }).click();
    await page.getByRole('heading', { name: 'Your video is ready' }).waitFor();
    return page.url().split('/').at(-1)!;
  };

  it('accepts a photo from the clipboard and a custom background image', async () => {
    const { page, complaints } = await open({ permissions: ['clipboard-read', 'clipboard-write'] });
    await page.setInputFiles('[data-test=voice-file]', voice);
    await page.evaluate(`(async () => {
      const bytes = Uint8Array.from(atob('${PHOTO.toString('base64')}'), (letter) => letter.charCodeAt(0));
      await navigator.clipboard.write([new ClipboardItem({ 'image/png': new Blob([bytes], { type: 'image/png' }) })]);
    })()`);
    await page.keyboard.press('Control+V');
    await page.getByRole('img', { name: /^Your photo: / }).waitFor();

    const hills = await sharp({ create: { width: 80, height: 80, channels: 3, background: '#284' } })
      .png()
      .toBuffer();
    await page
      .getByLabel('Choose a background image')
      .setInputFiles({ name: 'hills.png', mimeType: 'image/png', buffer: hills });
    await expect.poll(() => page.getByRole('radio', { name: 'Image' }).isChecked()).toBe(true);
    const id = await make(page);

    expect((await api.records.read(id))?.options).toMatchObject({ background: 'image' });
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('retries a failed task from the failed step', async () => {
    const { page, complaints } = await open();
    const broken = worker.fail('renderTalk', new PipelineError('MODEL_INVALID', 'The model is broken.'));
    await choose(page, photo, voice);
    await page.getByRole('button', { name: 'Create video' }).click();
    await page.getByText('The model is broken.').waitFor();
    expect(await page.locator('.step.done').count()).toBe(4);
    broken.release();

    await page.getByRole('button', { name: 'Retry from this step' }).click();
    await page.getByRole('heading', { name: 'Your video is ready' }).waitFor();
    expect(await page.locator('.step.done').count()).toBe(6);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('lets the user choose a person in another browser', async () => {
    worker.findPersons([
      { id: 1, confidence: 0.9, box: [30, 1, 60, 60] },
      { id: 2, confidence: 0.8, box: [1, 1, 29, 60] },
    ]);
    const { taskId: id } = await submit(api, { fields: { persons: 'ask' } });
    const { page, complaints } = await open();
    await page.goto(`${api.url}/#/videos/${id}`);
    await page.getByRole('heading', { name: 'We found 2 people. Who should speak?' }).waitFor();
    worker.findPersons([{ id: 1, confidence: 0.9, box: [1, 1, 60, 60] }]);
    await page.locator('[data-test=person-2]').click();
    await page.getByRole('heading', { name: 'Your video is ready' }).waitFor();
    await page.getByRole('tab', { name: 'People' }).waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('shows in another browser why a task failed, and requests no deleted files', async () => {
    const broken = worker.fail('detectPersons', new PipelineError('PERSON_NOT_FOUND', 'Nobody is there.'));
    const { taskId: id } = await submit(api);
    await client.wait(id);
    broken.release();
    const { page, complaints } = await open();
    await page.goto(`${api.url}/#/videos/${id}`);
    await page.getByRole('heading', { name: 'No person found in the photo' }).waitFor();
    await page.locator('.step.failed', { hasText: 'Find people' }).waitFor();
    // Longer than the page takes to request a file.
    await page.waitForTimeout(1_000);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('says in the language of the page what is wrong with a face and what to do', async () => {
    const refused = worker.fail('renderTalk', toRefusal({ reason: 'covered', by: 'mask' }));
    const { taskId: id } = await submit(api);
    await client.wait(id);
    refused.release();
    const { page, complaints } = await open({ locale: 'de-DE' });
    await page.goto(`${api.url}/#/videos/${id}`);
    await page.getByRole('heading', { name: 'Eine Maske oder ein Schal verdeckt Mund oder Kinn' }).waitFor();
    await page.getByText('Bärte und Brillen stören nicht.').waitFor();
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('counts running tasks beside “Videos” in every view until they end', async () => {
    using held = worker.hold('renderTalk');
    const { page, complaints } = await open();
    await choose(page, photo, voice);
    await page.getByRole('button', { name: 'Create video' }).click();
    await page.locator('.step.now', { hasText: 'Rendering' }).waitFor();
    await page.getByRole('link', { name: 'Create' }).click();
    await page.getByRole('link', { name: '1 video in progress' }).waitFor();
    held.release();

    await page.locator('.count').waitFor({ state: 'detached' });
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('resumes an upload after a reload', async () => {
    const { page } = await open();
    const devtools = await page.context().newCDPSession(page);
    const speed = (bytesPerS: number) =>
      devtools.send('Network.emulateNetworkConditions', {
        offline: false,
        latency: 0,
        downloadThroughput: -1,
        uploadThroughput: bytesPerS,
      });
    const side = 900;
    const large = join(folder, 'large.png');
    await sharp(randomBytes(side * side * 3), { raw: { width: side, height: side, channels: 3 } }).toFile(
      large,
    );
    await choose(page, large, voice);
    await page.getByRole('button', { name: 'Create video' }).waitFor();
    await speed(400_000);
    await page.getByRole('button', { name: 'Create video' }).click();
    await page.getByText(/^[1-9]\d?% uploaded/).waitFor();
    await page.reload();
    await page.getByText(/^\d+% uploaded/).waitFor();
    await speed(-1);
    await page.getByRole('heading', { name: 'Your video is ready' }).waitFor();
    await page.context().close();
  });

  it('deletes a task after a confirmation', async () => {
    const { page, complaints } = await open();
    await choose(page, photo, voice);
    const id = await make(page);
    await page.getByRole('button', { name: 'Delete' }).click();
    await expect.poll(() => page.evaluate('document.activeElement.textContent')).toBe('Cancel');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Delete' }).click();
    expect(await faultsOfView(page)).toEqual([]);
    await page.getByRole('button', { name: 'Delete everything' }).click();

    await page.getByRole('heading', { name: 'Videos' }).waitFor();
    expect(await page.locator(`[href$='${id}']`).count()).toBe(0);
    await expect(client.status(id)).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' });
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('says so if the provider still has copies of a deleted task', async () => {
    const { page, complaints } = await open();
    await choose(page, photo, voice);
    const id = await make(page);
    const refused = worker.fail('deleteRemote', new PipelineError('PROVIDER_UNAVAILABLE', 'It is down'));
    onTestFinished(() => void refused.release());
    const remote = [{ provider: 'd-id', what: 'talk' as const, id: 'tlk_1' }];
    await api.records.write({
      ...(await api.records.read(id))!,
      remote,
      updated_at: new Date().toISOString(),
    });

    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('button', { name: 'Delete everything' }).click();
    await page.getByRole('heading', { name: 'Deleted from this server' }).waitFor();
    expect(await faultsOfView(page)).toEqual([]);
    await page.getByRole('button', { name: 'OK' }).click();

    await page.getByRole('heading', { name: 'Videos' }).waitFor();
    expect(await page.locator(`[href$='${id}']`).count()).toBe(0);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('lists the newest tasks, and older ones on demand, also on a wide screen', async () => {
    await Promise.all(Array.from({ length: 26 }, () => submit(api)));
    const { page, complaints } = await open({ viewport: SIZES.wide });
    await page.goto(`${api.url}/#/videos`);
    const cards = page.locator('.video-card');
    await expect.poll(() => cards.count(), { timeout: 20_000 }).toBe(24);
    expect(await faultsOfView(page)).toEqual([]);

    await page.getByRole('button', { name: 'Show more' }).click();
    await expect.poll(() => cards.count()).toBeGreaterThanOrEqual(26);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('shows the waiting tasks and the workers of every queue', async () => {
    const { page, complaints } = await open({ viewport: SIZES.wide });
    await page.goto(`${api.url}/#/operations`);
    for (const name of ['Media decoding', 'Rendering', 'Storage', 'Workflows']) {
      await page.locator('li', { hasText: name }).getByText('1 worker · none waiting').waitFor();
    }
    expect(await faultsOfView(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  // Must be last: once there is a key, the server requires one.
  it('asks for an API key if the server requires one, and stores it', async () => {
    const key = await api.keys.create('studio', ['admin']);
    const { page, complaints } = await open({ viewport: SIZES.phone });
    await page.goto(`${api.url}/#/videos`);
    await page.getByRole('heading', { name: 'This server requires an API key' }).waitFor();
    expect(await faultsOfView(page)).toEqual([]);
    await page.getByLabel('Key').fill('limelight_wrong');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('The server rejected this key.').waitFor();
    await page.getByLabel('Key').fill(key);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Videos' }).waitFor();

    await page.reload();
    await page.goto(`${api.url}/#/`);
    await choose(page, photo, voice);
    await make(page);
    expect(await page.locator('video').getAttribute('src')).toMatch(/\/video\?.*signature=/);

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'This server requires an API key' }).waitFor();
    // Chromium logs each refused request.
    expect(complaints.filter((text) => !text.includes('401'))).toEqual([]);
    await page.context().close();
  });
});
