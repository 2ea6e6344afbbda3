import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readPageFiles } from '../../src/api/http/page-files.ts';
import { taskKeys } from '../../src/contracts/task-keys.ts';
import { openWav } from '../../src/media/audio/wav.ts';
import { createTalkWriter } from '../../src/media/encode/talk-writer.ts';
import { PHOTO, VOICE } from '../harness/api/job-form-data.ts';
import { submit } from '../harness/api/submit.ts';
import { startTestPipeline } from '../harness/api/test-pipeline.ts';
import { openBrowser } from '../harness/browser/browser.ts';
import { choose, openInTest } from '../harness/browser/open-in-test.ts';
import { needs } from '../harness/needs.ts';
import { buzz, writeVoice } from '../providers/local/talk-files.ts';

const TABS = 8;
const COLOURS = Array.from({ length: TABS }, (_, index) => `#10203${index}`);

/** A browser opens six connections to a server without HTTP/2, for all its tabs together. */
needs('chromium').describe('many tabs on running tasks', { timeout: 180_000 }, async () => {
  const page = await readPageFiles(join(import.meta.dirname, '../../dist/web'));
  const { api, worker } = await startTestPipeline({ page });
  let browser: Browser;
  let folder: string;
  let [photo, voice] = ['', ''];
  let parts: Array<[name: string, bytes: Buffer]> = [];
  beforeAll(async () => {
    browser = await openBrowser();
    folder = await mkdtemp(join(tmpdir(), 'limelight-many-tabs-'));
    [photo, voice] = [join(folder, 'me.png'), join(folder, 'hello.wav')];
    await Promise.all([writeFile(photo, PHOTO), writeFile(voice, VOICE)]);
    parts = await makeParts(await mkdtemp(join(folder, 'parts-')));
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Tasks that render, with a preview that plays and does not end. */
  const startTasks = async () => {
    const tasks = await Promise.all(COLOURS.map((background) => submit(api, { fields: { background } })));
    await Promise.all(
      tasks.flatMap(({ taskId }) =>
        parts.map(([name, bytes]) => api.store.put(`${taskKeys(taskId).parts}${name}`, bytes)),
      ),
    );
    return tasks.map(({ taskId }) => taskId);
  };

  const openTabs = async (first: Page, ids: string[]) => {
    const tabs: Page[] = [];
    for (const id of ids) {
      const tab = await first.context().newPage();
      await tab.goto(`${api.url}/#/videos/${id}`);
      await tab.locator('.step.now', { hasText: 'Rendering' }).waitFor();
      tabs.push(tab);
    }
    return tabs;
  };

  it('all get live progress over one connection, and a ninth uploads, is followed and cancelled', async () => {
    using held = worker.hold('renderTalk');
    const ids = await startTasks();
    const { page: ninth, complaints } = await openInTest(browser, `${api.url}/`);
    const tabs = await openTabs(ninth, ids);
    await expect.poll(() => api.hub.readers).toBe(TABS);
    // One preview plays, in the tab that was opened last.
    await tabs.at(-1)!.locator('[data-test=preview]').waitFor();

    await choose(ninth, photo, voice);
    const startedAt = Date.now();
    await ninth.getByRole('button', { name: 'Create video' }).click();
    await ninth.locator('.step.now', { hasText: 'Rendering' }).waitFor();
    expect(Date.now() - startedAt).toBeLessThan(20_000);
    await ninth.getByRole('button', { name: 'Cancel' }).click();
    await ninth.getByRole('heading', { name: 'Cancelled' }).waitFor();

    held.release();
    for (const tab of tabs) await tab.getByRole('heading', { name: 'Your video is ready' }).waitFor();
    await expect.poll(() => api.hub.readers).toBe(0);
    // The ninth has no parts and so no preview. Its pictures are deleted shortly before (409) it shows as cancelled (404).
    const isMissing = /\b(404|409)\b.*\/(preview|cutout|photo)$/;
    expect(complaints.filter((text) => !isMissing.test(text))).toEqual([]);
    await ninth.context().close();
  });

  it('get the events of tasks that they leave and come back to, and of closed tabs none', async () => {
    using held = worker.hold('renderTalk');
    const ids = (await startTasks()).slice(0, 2);
    const { page: tab } = await openInTest(browser, `${api.url}/`);
    const [first, second] = await openTabs(tab, ids);
    await expect.poll(() => api.hub.readers).toBe(2);
    await second!.close();
    await first!.getByRole('link', { name: 'Create' }).click();
    await expect.poll(() => api.hub.readers).toBe(0);
    await first!.goBack();
    await first!.locator('.step.now', { hasText: 'Rendering' }).waitFor();
    await expect.poll(() => api.hub.readers).toBe(1);
    held.release();
    await first!.getByRole('heading', { name: 'Your video is ready' }).waitFor();
    expect(await first!.locator('.step.done').count()).toBe(6);
    await tab.context().close();
  });

  it('without shared workers, as in Chrome for Android, each visible tab has its own connection', async () => {
    using held = worker.hold('renderTalk');
    const [id] = await startTasks();
    const { page: first, complaints } = await openInTest(browser, `${api.url}/`);
    await first.context().addInitScript('delete globalThis.SharedWorker');
    const [tab] = await openTabs(first, [id!]);
    const show = (isHidden: boolean) =>
      tab!.evaluate(`
        Object.defineProperty(document, 'hidden', { value: ${isHidden}, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
      `);
    await expect.poll(() => api.hub.readers).toBe(1);
    await show(true);
    await expect.poll(() => api.hub.readers).toBe(0);
    held.release();
    await show(false);
    await tab!.getByRole('heading', { name: 'Your video is ready' }).waitFor();
    expect(await tab!.locator('.step.done').count()).toBe(6);
    expect(complaints).toEqual([]);
    await first.context().close();
  });
});

/** The parts of an unfinished talk. */
async function makeParts(folder: string): Promise<Array<[name: string, bytes: Buffer]>> {
  const frames = 150;
  const size = { widthPx: 128, heightPx: 96 };
  const voicePath = await writeVoice(join(folder, 'voice.wav'), buzz(frames / 25));
  await using voice = await openWav(voicePath);
  await using writer = await createTalkWriter({
    ...size,
    framesPerS: 25,
    frames,
    voice,
    partsFolder: folder,
    provenance: true,
    format: 'mp4',
  });
  for (let frame = 0; frame < frames; frame += 1) {
    await writer.addFrame(Buffer.alloc(1.5 * size.widthPx * size.heightPx, 128));
  }
  await writer.finish(join(folder, 'video.mp4'));
  const names = (await readdir(folder)).filter((name) => /^\d{5}\.mp4$/.test(name));
  return Promise.all(
    names.map(async (name): Promise<[string, Buffer]> => [name, await readFile(join(folder, name))]),
  );
}
