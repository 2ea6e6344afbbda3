import { join } from 'node:path';
import type { StoredObject } from '../contracts/job.ts';
import type { RenderedTalk, VideoProvider } from '../providers/video-provider.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { keepAlive } from './keep-alive.ts';

export interface RenderDeps {
  store: ObjectStore;
  renderer: VideoProvider;
}

export interface RenderTalkRequest {
  requestId: string;
  portraitKey: string;
  plateKey: string;
  maskKey: string;
  plateShowsPerson: boolean;
  voiceKey: string;
  videoKey: string;
}

export function createRenderActivities({ store, renderer }: RenderDeps) {
  return {
    /** Has the built-in renderer make the video, and stores it. The heartbeat's details are the frames done so far. */
    async renderTalk(request: RenderTalkRequest): Promise<RenderedTalk & { video: StoredObject }> {
      await using folder = await store.scratch();
      const videoPath = join(folder.path, 'video.mp4');
      const talk = {
        requestId: request.requestId,
        portraitPath: await store.localPath(request.portraitKey),
        platePath: await store.localPath(request.plateKey),
        maskPath: await store.localPath(request.maskKey),
        plateShowsPerson: request.plateShowsPerson,
        voicePath: await store.localPath(request.voiceKey),
      };
      const rendered = await keepAlive((signal, report) =>
        renderer.render(talk, videoPath, { signal, onProgress: report }),
      );
      return { ...rendered, video: await store.put(request.videoKey, { path: videoPath }) };
    },
  };
}

export type RenderActivities = ReturnType<typeof createRenderActivities>;
