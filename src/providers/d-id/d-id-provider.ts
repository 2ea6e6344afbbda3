import { openAsBlob } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FormData } from 'undici';
import { PipelineError } from '../../errors.ts';
import type { RemoteUpload, RemoteVideoProvider } from '../../ports/video-provider.ts';
import type { DIdHttp } from './d-id-http.ts';
import type { Download } from './download.ts';
import { type FittedFile, fitPortrait } from './fit-portrait.ts';
import { fitVoice } from './fit-voice.ts';
import { AudioAnswer, CreditsAnswer, ImageAnswer } from './response-schemas.ts';
import { createTalks, type TalkOptions } from './talks.ts';

export interface DIdProviderDeps extends TalkOptions {
  http: DIdHttp;
  download: Download;
}

/** D-ID's talks as the port of remote providers. */
export function createDIdProvider(deps: DIdProviderDeps): RemoteVideoProvider {
  const { http, download } = deps;
  const talks = createTalks(deps);
  const { createTalk, findTalk, readTalk } = talks;

  async function remove(what: keyof typeof COLLECTIONS, id: string): Promise<void> {
    try {
      await http({ method: 'DELETE', path: `${COLLECTIONS[what]}/${encodeURIComponent(id)}` });
    } catch (error) {
      if (!(error instanceof PipelineError && error.code === 'PROVIDER_TALK_MISSING')) {
        throw error;
      }
    }
  }

  return {
    name: 'd-id',
    createTalk,
    findTalk,
    readTalk,

    readCredits: () => http({ method: 'GET', path: '/credits', answer: CreditsAnswer }),

    async uploadPortrait(path) {
      await using folder = await createFolder();
      const form = await toForm('image', await fitPortrait(path, folder.path));
      form.set('detect_faces', 'true');
      const image = await http({ method: 'POST', path: '/images', form, answer: ImageAnswer });
      if (!image.faces?.length) {
        // It goes by itself in two days; the person is to hear of the face.
        await (image.id && remove('portrait', image.id).catch(() => undefined));
        throw new PipelineError(
          'FACE_NOT_FOUND',
          'D-ID found no face in the portrait. Use a photo in which the face is seen from the front and is not covered; nothing was paid.',
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

/** The file is read while it is sent. */
async function toForm(field: string, { path, type, name }: FittedFile): Promise<FormData> {
  const form = new FormData();
  form.set(field, await openAsBlob(path, { type }), name);
  return form;
}

function toUpload({ id, url }: { id?: string | undefined; url: string }): RemoteUpload {
  return { url, ...(id !== undefined && { id }) };
}
