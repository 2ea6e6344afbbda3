import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkVideo } from '../../src/media/decode/check-video.ts';
import type { RemoteVideoProvider, TalkRequest, VideoProvider } from '../../src/ports/video-provider.ts';
import { buzz, writeVoice } from '../providers/local/talk-files.ts';

/** A provider of either kind, as a caller that wants a file sees it. */
export interface TalkMaker extends AsyncDisposable {
  make(request: TalkRequest, videoPath: string, signal: AbortSignal): Promise<unknown>;
}

export function toTalkMaker(provider: VideoProvider, resources: AsyncDisposable): TalkMaker {
  return {
    make: (request, path, signal) => provider.render(request, path, { signal, onProgress() {} }),
    [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose](),
  };
}

/** The steps of a remote provider, one after another, as the workflow takes them. */
export function toRemoteTalkMaker(provider: RemoteVideoProvider, resources: AsyncDisposable): TalkMaker {
  return {
    async make({ requestId, portraitPath, voicePath }, path, signal) {
      signal.throwIfAborted();
      let talk = await provider.findTalk(requestId);
      if (!talk) {
        const portrait = await provider.uploadPortrait(portraitPath, requestId);
        const voice = await provider.uploadVoice(voicePath);
        talk = await provider.createTalk({ requestId, portraitUrl: portrait.url, voiceUrl: voice.url });
      }
      while ((await provider.readTalk(talk.talkId)).state !== 'done') {
        signal.throwIfAborted();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await provider.download(talk.talkId, path, signal);
    },
    [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose](),
  };
}

const PORTRAIT = new URL('../../samples/portrait.jpg', import.meta.url).pathname;
const VOICE_S = 1;

/** The promises of the port. Every provider runs them; its own test adds what is special to it. */
export function videoProviderSuite(name: string, create: () => Promise<TalkMaker>): void {
  describe(`VideoProvider: ${name}`, () => {
    let folder: string;
    let maker: TalkMaker;
    let request: TalkRequest;
    const { signal } = new AbortController();
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'limelight-provider-'));
      maker = await create();
      const portrait = sharp(PORTRAIT);
      const { width, height } = await portrait.metadata();
      const flat = { create: { width, height, channels: 3 as const, background: '#ffffff' } };
      request = {
        requestId: 'suite',
        portraitPath: join(folder, 'portrait.png'),
        platePath: join(folder, 'plate.png'),
        maskPath: join(folder, 'mask.png'),
        plateShowsPerson: false,
        voicePath: await writeVoice(join(folder, 'voice.wav'), buzz(VOICE_S)),
      };
      await portrait.png().toFile(request.portraitPath);
      await sharp(flat).png().toFile(request.platePath);
      await sharp(flat).png().toFile(request.maskPath);
    });
    afterAll(async () => {
      await maker?.[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    });

    it('writes a playable video as long as the voice, every time', async () => {
      for (const path of [join(folder, 'first.mp4'), join(folder, 'second.mp4')]) {
        await maker.make(request, path, signal);

        const facts = await checkVideo(path);
        expect(facts.durationS).toBeCloseTo(VOICE_S, 0);
        expect(Math.min(facts.widthPx, facts.heightPx)).toBeGreaterThanOrEqual(160);
      }
    });

    it('refuses a portrait without a face with FACE_NOT_FOUND, and writes no video', async () => {
      const path = join(folder, 'faceless.mp4');
      const faceless = { ...request, requestId: 'faceless', portraitPath: request.platePath };

      await expect(maker.make(faceless, path, signal)).rejects.toMatchObject({ code: 'FACE_NOT_FOUND' });

      await expect(checkVideo(path)).rejects.toThrow();
    });

    it('rejects with the reason of its signal', async () => {
      const reason = new Error('not wanted any more');
      const aborted = { ...request, requestId: 'aborted' };
      const path = join(folder, 'aborted.mp4');

      await expect(maker.make(aborted, path, AbortSignal.abort(reason))).rejects.toBe(reason);

      expect(existsSync(path)).toBe(false);
    });
  });
}
