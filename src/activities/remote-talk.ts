import { join } from 'node:path';
import type { StoredObject } from '../contracts/job.ts';
import type { ProviderTerms } from '../contracts/provider-gate.ts';
import { PipelineError } from '../errors.ts';
import { checkVideo, type VideoFacts } from '../media/decode/check-video.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { RemoteTalk, RemoteUpload, RemoteVideoProvider } from '../ports/video-provider.ts';
import { keepAlive } from './keep-alive.ts';

export interface RemoteTalkDeps {
  store: ObjectStore;
  provider: RemoteVideoProvider;
  terms: ProviderTerms;
}

export interface ProviderCheck {
  terms: ProviderTerms;
  /** Absent where the provider did not answer: whether a job can be paid shows when its talk is created. */
  credits?: { remaining: number; total: number };
}

export function createRemoteTalkActivities({ store, provider, terms }: RemoteTalkDeps) {
  return {
    /** The operator's terms, and what the account has left. A key that is not taken rejects. */
    async checkProvider(): Promise<ProviderCheck> {
      try {
        return { terms, credits: await keepAlive(() => provider.readCredits()) };
      } catch (error) {
        if (error instanceof PipelineError && error.code === 'PROVIDER_UNAVAILABLE') {
          return { terms };
        }
        throw error;
      }
    },

    // Uploads run on when the job is cancelled: what is stored there under an unknown name could not be deleted.
    uploadPortrait: (request: { portraitKey: string }): Promise<RemoteUpload> =>
      keepAlive(async () => provider.uploadPortrait(await store.localPath(request.portraitKey))),

    uploadVoice: (request: { voiceKey: string }): Promise<RemoteUpload> =>
      keepAlive(async () => provider.uploadVoice(await store.localPath(request.voiceKey))),

    /**
     * Asks once, whatever comes; the workflow looks for the talk before it asks again. It does not ask after
     * `sendBefore`: a worker that stood still may wake when Temporal has given its attempt up.
     */
    async createTalk(request: {
      requestId: string;
      portraitUrl: string;
      voiceUrl: string;
      /** ISO 8601. */
      sendBefore: string;
    }): Promise<{ talkId: string } | { isTooLate: true }> {
      const { sendBefore, ...talk } = request;
      return keepAlive(async (signal) => {
        signal.throwIfAborted();
        return Date.now() < Date.parse(sendBefore) ? provider.createTalk(talk) : { isTooLate: true };
      });
    },

    async findTalk(request: {
      requestId: string;
      /** ISO 8601. */
      createdSince?: string;
    }): Promise<{ talkId: string } | null> {
      return (await keepAlive(() => provider.findTalk(request.requestId, request.createdSince))) ?? null;
    },

    async readTalk(request: { talkId: string }): Promise<RemoteTalk> {
      return keepAlive(() => provider.readTalk(request.talkId));
    },

    /** Fetches the video into the store, and proves that it plays. */
    downloadTalk: (request: {
      talkId: string;
      videoKey: string;
    }): Promise<VideoFacts & { video: StoredObject }> =>
      keepAlive(async (signal) => {
        await using folder = await store.scratch();
        const path = join(folder.path, 'video.mp4');
        await provider.download(request.talkId, path, signal);
        const facts = await checkVideo(path);
        return { ...facts, video: await store.put(request.videoKey, { path }) };
      }),

    /** What is not there is deleted already. */
    async deleteRemote(request: { what: 'talk' | 'portrait' | 'voice'; id: string }): Promise<void> {
      await keepAlive(() => provider.delete(request.what, request.id));
    },
  };
}

export type RemoteTalkActivities = ReturnType<typeof createRemoteTalkActivities>;
