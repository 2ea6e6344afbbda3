import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { joinParts } from '../../src/media/talk-parts.ts';
import { createTalkWriter } from '../../src/media/talk-writer.ts';
import { openWav } from '../../src/media/wav.ts';
import { buzz, writeVoice } from '../providers/local/talk-files.ts';
import { chromiumPath, openBrowser, openPage } from './browser.ts';

const FRAMES = 110;
const SIZE = { widthPx: 128, heightPx: 96 };

interface Played {
  durationS: number;
  width: number;
  height: number;
  error?: string;
}

/** Runs in the page, eight times as fast as a person would watch it. */
const PLAY = `new Promise((resolve) => {
  const video = document.querySelector('video');
  video.onended = video.onerror = () => resolve({
    durationS: video.duration,
    width: video.videoWidth,
    height: video.videoHeight,
    error: video.error?.message,
  });
  video.src = 'SRC';
  video.playbackRate = 8;
  video.play();
})`;

describe.skipIf(!chromiumPath)('in Chromium', { timeout: 120_000 }, () => {
  let folder: string;
  let server: Server;
  let browser: Browser;
  let url: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'browser-video-'));
    await writeTalk(folder);
    server = createServer(async (request, response) => {
      const name = request.url!.slice(1);
      if (name === '') {
        response.setHeader('content-type', 'text/html').end('<video muted></video>');
      } else if (!name.endsWith('.mp4')) {
        response.writeHead(404).end();
      } else {
        response.setHeader('content-type', 'video/mp4').end(await readFile(join(folder, name)));
      }
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
    await rm(folder, { recursive: true });
  });

  it.each(['video.mp4', 'preview.mp4'])('a talk plays to its end: %s', async (name) => {
    const { page } = await openPage(browser, url);

    const played = await page.evaluate<Played>(PLAY.replace('SRC', name));

    expect(played.error).toBeUndefined();
    expect([played.width, played.height]).toEqual([SIZE.widthPx, SIZE.heightPx]);
    // The sound, in packets of 64 ms, may end after the last frame.
    expect(Math.abs(played.durationS - FRAMES / 25)).toBeLessThan(0.1);
  });
});

async function writeTalk(folder: string): Promise<void> {
  const voicePath = await writeVoice(
    join(folder, 'voice.wav'),
    buzz(FRAMES / 25, () => true),
  );
  await using voice = await openWav(voicePath);
  await using writer = await createTalkWriter({
    ...SIZE,
    framesPerS: 25,
    frames: FRAMES,
    voice,
    partsFolder: folder,
    provenance: true,
  });
  for (let frame = 0; frame < FRAMES; frame += 1) {
    await writer.addFrame(new Uint8Array(SIZE.widthPx * SIZE.heightPx * 1.5).fill(60 + frame));
  }
  await writer.finish(join(folder, 'video.mp4'));
  await joinParts(folder, join(folder, 'preview.mp4'));
}
