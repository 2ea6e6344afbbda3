import { openAsBlob } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, FormData } from 'undici';
import { ignoreFailure, isFailure, PipelineError } from '../../errors.ts';
import type { RemoteUpload, RemoteVideoProvider } from '../../ports/video-provider.ts';
import { createDIdHttp, type DIdHttp } from './d-id-http.ts';
import { createDownload, type Download } from './download.ts';
import { type FittedFile, fitPortrait, fitVoice } from './fit-media.ts';
import { AudioAnswer, CreditsAnswer, ImageAnswer } from './response-schemas.ts';
import type { DIdSettings } from './settings.ts';
import { createTalks, type TalkOptions } from './talks.ts';

interface DIdProviderDeps extends TalkOptions {
  http: DIdHttp;
  download: Download;
}

/** D-ID over a pool of connections, which closes when the provider is disposed. */
export function openDId(config: DIdSettings): RemoteVideoProvider & AsyncDisposable {
  const { connectMs, answerMs } = config.timeouts;
  const dispatcher = new Agent({
    connections: config.connections,
    connect: { timeout: connectMs },
    headersTimeout: answerMs,
    bodyTimeout: answerMs,
  });
  const http = createDIdHttp({ ...config, dispatcher });
  const allowsHttp = config.apiUrl.startsWith('http:');
  const provider = createDIdProvider({
    http,
    download: createDownload({ dispatcher, allowsHttp }),
    stitch: config.stitch,
    ...(config.webhookUrl && { webhookUrl: config.webhookUrl }),
  });
  return { ...provider, [Symbol.asyncDispose]: () => dispatcher.close() };
}

/** `RemoteVideoProvider` over D-ID's talks. */
export function createDIdProvider(deps: DIdProviderDeps): RemoteVideoProvider {
  const { http, download } = deps;
  const talks = createTalks(deps);
  const { createTalk, findTalk, readTalk } = talks;

  async function remove(what: keyof typeof COLLECTIONS, id: string): Promise<void> {
    try {
      await http({ method: 'DELETE', path: `${COLLECTIONS[what]}/${encodeURIComponent(id)}` });
    } catch (error) {
      if (!isFailure(error, 'PROVIDER_TALK_MISSING')) {
        throw error;
      }
    }
  }

  return {
    name: 'd-id',
    createTalk,
    findTalk,
    readTalk,

    async readCredits() {
      try {
        return await http({ method: 'GET', path: '/credits', answer: CreditsAnswer });
      } catch (error) {
        // Documented as "not credits found for user".
        if (isFailure(error, 'PROVIDER_TALK_MISSING')) {
          return { remaining: 0, total: 0 };
        }
        throw error;
      }
    },

    async uploadPortrait(path, requestId) {
      await using folder = await createFolder();
      const form = await toForm('image', await fitPortrait(path, folder.path, requestId));
      form.set('detect_faces', 'true');
      const image = await http({ method: 'POST', path: '/images', form, answer: ImageAnswer });
      if (!image.faces?.length) {
        if (image.id) {
          await ignoreFailure(
            remove('portrait', image.id),
            'D-ID deletes it in two days; the missing face matters more',
          );
        }
        throw new PipelineError(
          'FACE_NOT_FOUND',
          'D-ID found no face in the portrait, and nothing was paid. Use a photo that shows the face from the front and uncovered.',
        );
      }
      return toUpload(image);
    },

    async uploadVoice(path) {
      await using folder = await createFolder();
      const form = await toForm('audio', await fitVoice(path, folder.path));
      return toUpload(await http({ method: 'POST', path: '/audios', form, answer: AudioAnswer }));
    },

    async download(talkId, videoPath, signal) {
      await download(() => talks.resultUrl(talkId), videoPath, signal);
    },

    delete: remove,
  };
}

const COLLECTIONS = { talk: '/talks', portrait: '/images', voice: '/audios' };

async function createFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'limelight-d-id-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Reads the file while it is sent. */
async function toForm(field: string, { path, type, name }: FittedFile): Promise<FormData> {
  const form = new FormData();
  form.set(field, await openAsBlob(path, { type }), name);
  return form;
}

function toUpload({ id, url }: { id?: string | undefined; url: string }): RemoteUpload {
  return { url, ...(id !== undefined && { id }) };
}
