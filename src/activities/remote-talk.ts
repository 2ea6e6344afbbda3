import { join } from 'node:path';
import type { ProviderTerms } from '../contracts/provider-gate.ts';
import type { StoredObject } from '../contracts/schemas/job.ts';
import { isFailure } from '../errors.ts';
import { checkVideo, type VideoFacts } from '../media/decode/check-video.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { RemoteTalk, RemoteUpload, RemoteVideoProvider } from '../ports/video-provider.ts';
import { keepAlive } from './keep-alive.ts';

interface RemoteTalkDeps {
  store: ObjectStore;
  provider: RemoteVideoProvider;
  terms: ProviderTerms;
}

interface ProviderCheck {
  terms: ProviderTerms;
  /** Absent if the provider did not answer. Then only the order shows whether the account can pay. */
  credits?: { remaining: number; total: number };
}

export function createRemoteTalkActivities({ store, provider, terms }: RemoteTalkDeps) {
  return {
    /** The operator's terms and the credits left. Rejects if the key is not accepted. */
    async checkProvider(): Promise<ProviderCheck> {
      try {
        return { terms, credits: await keepAlive(() => provider.readCredits()) };
      } catch (error) {
        if (isFailure(error, 'PROVIDER_UNAVAILABLE')) {
          return { terms };
        }
        throw error;
      }
    },

    // A cancelled job does not abort its uploads: without an id they could not be deleted.
    uploadPortrait: (request: { portraitKey: string; requestId: string }): Promise<RemoteUpload> =>
      keepAlive(async () =>
        provider.uploadPortrait(await store.localPath(request.portraitKey), request.requestId),
      ),

    uploadVoice: (request: { voiceKey: string }): Promise<RemoteUpload> =>
      keepAlive(async () => provider.uploadVoice(await store.localPath(request.voiceKey))),

    /**
     * Sends one request, even if it fails: the workflow searches for the talk before the next order. Sends nothing after
     * `sendBefore`, because a worker that was suspended may wake after Temporal has given up its attempt.
     */
    async createTalk(request: {
      requestId: string;
      portraitUrl: string;
      voiceUrl: string;
      /** ISO 8601. */
      sendBefore: string;
    }): Promise<{ talkId: string; warnings?: string[] } | { isTooLate: true }> {
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

    /** Downloads the video into the store and checks that it plays. */
    downloadTalk: (request: {
      talkId: string;
      videoKey: string;
    }): Promise<VideoFacts & { video: StoredObject }> =>
      keepAlive(async (signal) => {
        await using folder = await store.scratch();
        const path = join(folder.path, 'video.mp4');
        // While the store does not respond, the provider is not asked for the same video again and again.
        await store.stat(request.videoKey);
        await provider.download(request.talkId, path, signal);
        const facts = await checkVideo(path);
        return { ...facts, video: await store.put(request.videoKey, { path }) };
      }),

    /** Succeeds if there is nothing to delete. */
    async deleteRemote(request: { what: 'talk' | 'portrait' | 'voice'; id: string }): Promise<void> {
      await keepAlive(() => provider.delete(request.what, request.id));
    },
  };
}

export type RemoteTalkActivities = ReturnType<typeof createRemoteTalkActivities>;
