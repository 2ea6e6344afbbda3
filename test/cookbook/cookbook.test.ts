import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { toWav } from '../harness/api/job-form-data.ts';
import { openBrowser } from '../harness/browser/browser.ts';
import { MAIN } from '../harness/cli/limelight.ts';
import { needs } from '../harness/needs.ts';
import { untilReady } from '../harness/until-ready.ts';
import { type CookbookServer, startCookbookServer } from './cookbook-server.ts';
import { readRecipes, textOf } from './recipes.ts';

const ROOT = join(import.meta.dirname, '../..');
const TIMEOUT_MS = 180_000;

/** How a video begins: `....ftyp`. */
const isVideo = async (path: string) => (await readFile(path)).subarray(4, 8).toString() === 'ftyp';

needs('Go', 'jq', 'curl', 'python3', 'nginx').describe('the cookbook', { timeout: TIMEOUT_MS }, () => {
  let folder: string;
  let server: CookbookServer;
  const pages = createServer((_request, response) => {
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    response.end(`<!doctype html><title>page</title>${server.localize(textOf(2, 'html'))}`);
  });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'limelight-cookbook-'));
    await mkdir(join(folder, 'team'));
    const portrait = join(ROOT, 'samples/portrait.jpg');
    for (const name of ['me.jpg', 'beach.jpg', 'team/amy.jpg', 'team/ben.jpg']) {
      await copyFile(portrait, join(folder, name));
    }
    await writeFile(
      join(folder, 'hello.wav'),
      firstSecondsOf(await readFile(join(ROOT, 'samples/voice.wav'))),
    );
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    pages.listen(0, '127.0.0.1');
    await once(pages, 'listening');
    const pageOrigin = `http://127.0.0.1:${(pages.address() as AddressInfo).port}`;
    server = await startCookbookServer(folder, pageOrigin);
  }, TIMEOUT_MS);
  afterAll(async () => {
    pages.closeAllConnections();
    pages.close();
    await server?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  /** Runs an example as a person would who has pasted it into a shell. */
  const run = async (script: string, env: Record<string, string> = {}) => {
    const npx = `npx() { shift; "${process.execPath}" "${MAIN}" "$@"; }`;
    return promisify(execFile)('bash', ['-euc', `${npx}\n${server.localize(script)}`], {
      cwd: folder,
      env: { ...process.env, ...server.environment, API_URL: server.url, ...env },
    });
  };

  it('has ten tasks, each with an example', () => {
    expect(readRecipes().map(({ blocks }) => blocks.length > 0)).toEqual(Array(10).fill(true));
  });

  it('1: makes a video with curl, and shows the stages', async () => {
    await run(textOf(1, 'sh'));
    expect(await isVideo(join(folder, 'me.mp4'))).toBe(true);

    const { stdout } = await run(textOf(1, 'sh', 1));
    expect(stdout).toContain('"stage":"INITIALIZED"');
    expect(stdout).toContain('"stage":"COMPLETED"');
  });

  needs('chromium').it('2: makes a video from a page of another origin', async () => {
    await using browser = await openOwnBrowser();
    const page = await browser.instance.newPage();
    await page.goto(`http://127.0.0.1:${(pages.address() as AddressInfo).port}/`);
    await page.setInputFiles('#photo', join(folder, 'me.jpg'));
    await page.setInputFiles('#voice', join(folder, 'hello.wav'));
    await page.click('#make');

    await page.waitForFunction("document.querySelector('video').videoWidth > 0", undefined, {
      timeout: 90_000,
    });
    expect(await page.textContent('#status')).toBe('The video is ready');
  });

  it('3: makes a video from Python', async () => {
    await rm(join(folder, 'me.mp4'), { force: true });
    await writeFile(join(folder, 'make.py'), server.localize(textOf(3, 'py')));

    const { stdout } = await run('python3 make.py');

    expect(stdout).toMatch(/^100 The video is ready$/m);
    expect(await isVideo(join(folder, 'me.mp4'))).toBe(true);
  });

  it('4: sends a webhook, whose receiver verifies the signature', async () => {
    await writeFile(join(folder, 'receiver.mjs'), server.localize(textOf(4, 'js')));
    const secret = (await run('npx limelight webhooks secret')).stdout.trim().split('\n')[0]!;
    const receiver = spawn(process.execPath, ['receiver.mjs'], {
      cwd: folder,
      env: { ...process.env, WEBHOOK_SECRET: secret },
    });
    try {
      const told = once(createInterface({ input: receiver.stdout }), 'line');
      const { stdout } = await run(textOf(4, 'sh'));

      expect((await told)[0]).toBe(`task.completed ${JSON.parse(stdout).task_id}`);
    } finally {
      receiver.kill();
    }
  });

  it('5: makes videos of several photos', async () => {
    expect((await run(textOf(5, 'sh'))).stdout).toMatch(/^team\/amy\.jpg .* videos\/amy\.mp4$/m);
    expect(await readdir(join(folder, 'videos'))).toEqual(['amy.mp4', 'ben.mp4']);

    expect((await run(textOf(5, 'sh', 1))).stdout).toMatch(/^team\/ben\.jpg [\d.]+$/m);
  });

  it('6: puts an image behind the person, with the command and with curl', async () => {
    expect((await run(textOf(6, 'sh'))).stdout).toBe('me.mp4\n');
    expect(JSON.parse((await run(textOf(6, 'sh', 1))).stdout)).toMatchObject({ success: true });
  });

  it('7: makes the video with D-ID, and shows the cost', async () => {
    const { stdout } = await run(textOf(7, 'sh'));

    const [path, ...totals] = stdout.split('\n');
    expect(path).toBe('talk.mp4');
    expect(JSON.parse(totals.join('\n')).talks).toBeGreaterThan(0);
  });

  it('8: stores the files in a bucket', async () => {
    expect((await run(textOf(8, 'sh'))).stdout).toBe('limelight responds\n');
    const keys = await run(`curl -sS --fail http://127.0.0.1:55433/api/pipeline/storage/stats`);
    expect(JSON.parse(keys.stdout).total_files).toBeGreaterThan(0);
  });

  it('9: runs a worker for each device in the list', async () => {
    const { stdout } = await run(textOf(9, 'sh'));

    const devices = server.environment.CUDA_VISIBLE_DEVICES!.split(',').sort();
    expect(stdout.trim().split('\n').sort()).toEqual(devices.map((device) => `${device}: 2 + 1 slots`));
  });

  // Runs last: once a key exists, the server requires one.
  it('10: works through nginx with an API key', async () => {
    await run(textOf(10, 'sh'));
    await writeFile(join(folder, 'nginx.conf'), toNginxConfig(folder, server.localize(textOf(10, 'nginx'))));
    const nginx = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf'), '-g', 'daemon off;']);
    try {
      await untilReady(server.localize('http://limelight.example.com/health/live'));
      const { stdout } = await run(textOf(10, 'sh', 1));

      const [path, result] = stdout.split('\n');
      expect(path).toBe('proxied.mp4');
      expect(JSON.parse(result!)).toMatchObject({ success: true });
      expect(await isVideo(join(folder, 'proxied.mp4'))).toBe(true);
    } finally {
      nginx.kill();
      await once(nginx, 'exit');
    }
  });
});

async function openOwnBrowser(): Promise<{ instance: Browser } & AsyncDisposable> {
  const instance = await openBrowser();
  return { instance, [Symbol.asyncDispose]: () => instance.close() };
}

/** Two seconds of the recording: 16 bits, as its header says. */
function firstSecondsOf(wav: Buffer): Buffer {
  const rate = wav.readUInt32LE(24);
  const start = wav.indexOf('data') + 8;
  const samples = wav.subarray(start, start + 2 * 2 * rate);
  const short = toWav(samples.length / 2);
  short.writeUInt32LE(rate, 24);
  short.writeUInt32LE(rate * 2, 28);
  samples.copy(short, 44);
  return short;
}

/** The server of the page in a whole configuration, with all files in the folder. */
function toNginxConfig(folder: string, server: string): string {
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `
    pid ${folder}/nginx.pid;
    error_log ${folder}/nginx.log;
    events {}
    http {
      access_log off;
      ${paths.map((name) => `${name}_temp_path ${folder}/nginx-${name};`).join('\n')}
      ${server}
    }`;
}
