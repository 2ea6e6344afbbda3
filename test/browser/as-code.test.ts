import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readPageFiles } from '../../src/api/http/page-files.ts';
import { createLimelightClient } from '../../src/client/limelight-client.ts';
import { PHOTO, VOICE } from '../harness/api/job-form-data.ts';
import { startTestPipeline } from '../harness/api/test-pipeline.ts';
import { openBrowser, SIZES } from '../harness/browser/browser.ts';
import { faultsOfView } from '../harness/browser/faults-of-view.ts';
import { choose, openInTest } from '../harness/browser/open-in-test.ts';
import { needs } from '../harness/needs.ts';

const CLI = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const run = promisify(execFile);

/** Whether a program runs here. Python needs its usual package for HTTP. */
const isThere = (program: string, args: string[]) =>
  run(program, args).then(
    () => true,
    () => false,
  );
const [hasCurl, hasPython] = await Promise.all([
  isThere('curl', ['--version']),
  isThere('python3', ['-c', 'import requests']),
]);

/** Names that break careless quoting. */
const PHOTO_NAME = `it's "me"; $HOME, 100%.png`;
const VOICE_NAME = '-hello ü.wav';

needs('chromium').describe('“Copy as code”', { timeout: 90_000 }, async () => {
  const files = await readPageFiles(join(import.meta.dirname, '../../dist/web'));
  const { api } = await startTestPipeline({ page: files });
  let browser: Browser;
  let folder: string;
  beforeAll(async () => {
    browser = await openBrowser();
    folder = await mkdtemp(join(tmpdir(), 'limelight-as-code-'));
    await writeFile(join(folder, PHOTO_NAME), PHOTO);
    await writeFile(join(folder, VOICE_NAME), VOICE);
    // As `npx` does in a clone.
    await writeFile(join(folder, 'npx'), `#!/bin/sh\nshift\nexec '${process.execPath}' '${CLI}' "$@"\n`);
    await chmod(join(folder, 'npx'), 0o755);
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const env = (extra: Record<string, string> = {}) => ({
    ...process.env,
    PATH: `${folder}:${process.env.PATH}`,
    ...extra,
  });
  const runners: Record<string, (code: string, extra?: Record<string, string>) => Promise<unknown>> = {
    curl: (code, extra) => run('sh', ['-c', code], { cwd: folder, env: env(extra) }),
    CLI: (code, extra) => run('sh', ['-c', code], { cwd: folder, env: env(extra) }),
    Python: async (code, extra) => {
      await writeFile(join(folder, 'make-video.py'), code);
      return run('python3', ['make-video.py'], { cwd: folder, env: env(extra) });
    },
    Node: async (code, extra) => {
      await writeFile(join(folder, 'make-video.mjs'), code);
      return run(process.execPath, ['make-video.mjs'], { cwd: folder, env: env(extra) });
    },
  };
  const open = () =>
    openInTest(browser, `${api.url}/`, { permissions: ['clipboard-read', 'clipboard-write'] });
  const copy = async (page: Page, language: string) => {
    await page.getByRole('tab', { name: language }).click();
    await page.getByRole('button', { name: 'Copy', exact: true }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    return page.evaluate<string>('navigator.clipboard.readText()');
  };
  const latest = async () => {
    const { tasks } = await createLimelightClient({ baseUrl: api.url }).list({ limit: 1 });
    return api.records.read(tasks[0]!.task_id);
  };

  it.each([
    ['curl', hasCurl],
    ['CLI', true],
    ['Python', hasPython],
    ['Node', true],
  ] as const)('for %s makes the same video', async (language, isRunnable) => {
    const { page, complaints } = await open();
    await choose(page, join(folder, PHOTO_NAME), join(folder, VOICE_NAME));
    await page.getByRole('radio', { name: 'Image' }).waitFor();
    await page
      .getByLabel('Choose a background image')
      .setInputFiles({ name: PHOTO_NAME, mimeType: 'image/png', buffer: PHOTO });
    await expect.poll(() => page.getByRole('radio', { name: 'Image' }).isChecked()).toBe(true);
    await page.getByRole('radio', { name: /^Full/ }).check();
    await page.getByText('More options').click();
    await page.getByLabel('Priority').selectOption('2');
    await page.getByLabel('Smooth the edges of the cut-out').uncheck();
    await page.getByRole('button', { name: 'Copy as code' }).click();
    const code = await copy(page, language);
    expect(code).toContain(api.url);
    expect(complaints).toEqual([]);
    await page.context().close();

    if (!isRunnable) return;
    await rm(join(folder, PHOTO_NAME.replace('.png', '.mp4')), { force: true });
    await runners[language]!(code);
    expect((await latest())?.options).toMatchObject({
      background: 'image',
      long_side_px: 1080,
      priority: 2,
      apply_smoothing: false,
      persons: 'auto',
    });
    expect((await readFile(join(folder, PHOTO_NAME.replace('.png', '.mp4')))).length).toBeGreaterThan(0);
  });

  it('is chosen with arrow keys and closed with Escape, on a phone too, and offers files that exist only here', async () => {
    const { page, complaints } = await openInTest(browser, `${api.url}/`, { viewport: SIZES.phone });
    await choose(page, join(folder, PHOTO_NAME), join(folder, VOICE_NAME));
    const end = page.getByRole('slider', { name: 'End of selection' });
    await end.waitFor();
    await end.press('ArrowLeft');
    await page.getByRole('button', { name: 'Copy as code' }).click();
    await page.getByRole('tab', { name: 'curl' }).focus();
    for (const [key, expected] of [
      ['ArrowRight', 'npx limelight generate'],
      ['End', 'openAsBlob'],
      ['ArrowLeft', 'import requests'],
      ['Home', 'curl -fsS'],
    ] as const) {
      await page.keyboard.press(key);
      await page.getByRole('tabpanel').getByText(expected).waitFor();
    }
    expect(await faultsOfView(page)).toEqual([]);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: '-hello ü-selection.wav' }).click(),
    ]);
    expect((await readFile(await download.path())).subarray(0, 4).toString()).toBe('RIFF');
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  // Must be last: once there is a key, the server requires one.
  it('reads the key of a server that requires one from the environment', async () => {
    const key = await api.keys.create('code', ['submit', 'read']);
    const { page } = await open();
    await page.goto(`${api.url}/#/videos`);
    await page.getByLabel('Key').fill(key);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Videos' }).waitFor();
    await page.goto(`${api.url}/#/`);
    await choose(page, join(folder, PHOTO_NAME), join(folder, VOICE_NAME));
    await page.getByRole('slider', { name: 'End of selection' }).waitFor();
    await page.getByRole('button', { name: 'Copy as code' }).click();
    for (const language of [...(hasCurl ? ['curl'] : []), 'CLI', ...(hasPython ? ['Python'] : []), 'Node']) {
      const code = await copy(page, language);
      expect(code).not.toContain(key);
      await rm(join(folder, PHOTO_NAME.replace('.png', '.mp4')), { force: true });
      await runners[language]!(code, { API_KEY: key });
      expect((await readFile(join(folder, PHOTO_NAME.replace('.png', '.mp4')))).length).toBeGreaterThan(0);
    }
    await page.context().close();
  });
});
