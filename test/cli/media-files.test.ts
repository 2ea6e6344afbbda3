import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openMedia, saveFile } from '../../src/cli/video/media-files.ts';

const never = new AbortController().signal;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'limelight-files-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('openMedia', () => {
  it('reads a file', async () => {
    await writeFile(join(folder, 'voice.wav'), 'VOICE');

    expect(await (await openMedia(join(folder, 'voice.wav'))).text()).toBe('VOICE');
  });

  it('names a file that cannot be read', async () => {
    await expect(openMedia(join(folder, 'missing.wav'))).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringContaining('missing.wav'),
    });
  });
});

describe('saveFile', () => {
  it('writes a file that appears only when complete', async () => {
    await saveFile(new Response('VIDEO'), join(folder, 'out.mp4'), never);

    expect(await readFile(join(folder, 'out.mp4'), 'utf8')).toBe('VIDEO');
  });

  it('leaves no file behind when the download fails', async () => {
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(Buffer.from('half')),
      pull: (controller) => controller.error(new Error('cut')),
    });

    await expect(saveFile(new Response(body), join(folder, 'out.mp4'), never)).rejects.toThrow('cut');

    expect(await readdir(folder)).toEqual([]);
  });
});
