import { basename, join } from 'node:path';
import type { StoredObject } from '../contracts/schemas/job.ts';
import type { Box } from '../contracts/schemas/job-outcome.ts';
import type { FaceCheck } from '../contracts/schemas/photo-preview.ts';
import { ignoreFailure } from '../errors.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { RenderedTalk, TalkProgress, VideoProvider } from '../ports/video-provider.ts';
import { keepAlive } from './keep-alive.ts';
import { createStoredParts } from './stored-parts.ts';

interface RenderDeps {
  store: ObjectStore;
  renderer: VideoProvider;
}

interface RenderTalkRequest {
  requestId: string;
  portraitKey: string;
  plateKey: string;
  maskKey: string;
  plateShowsPerson: boolean;
  isTransparent: boolean;
  longSidePx?: number;
  voiceKey: string;
  videoKey: string;
  /** Prefix for the parts of a talk in progress. They serve as a preview, and a retry continues after them. */
  partsPrefix: string;
}

export function createRenderActivities({ store, renderer }: RenderDeps) {
  return {
    /** Rejects with FACE_UNSUITABLE if something covers the mouth. */
    checkPortrait: (request: { portraitKey: string; maskKey: string }): Promise<void> =>
      keepAlive(async (signal) => {
        const portrait = {
          portraitPath: await store.localPath(request.portraitKey),
          maskPath: await store.localPath(request.maskKey),
        };
        await renderer.checkPortrait(portrait, { signal });
      }),

    /** Whether the face of each person can be animated. Boxes are in pixels of the photo. */
    checkFaces: ({
      photoKey,
      ...request
    }: {
      photoKey: string;
      people: Box[];
      scale: number;
    }): Promise<FaceCheck[]> =>
      keepAlive(async (signal) =>
        renderer.checkFaces({ photoPath: await store.localPath(photoKey), ...request }, { signal }),
      ),

    /**
     * Renders and stores the video. The heartbeat details are the frames done so far. The parts stay, so that an attempt whose
     * answer was lost is not rendered again.
     */
    renderTalk: (request: RenderTalkRequest): Promise<RenderedTalk & { video: StoredObject }> =>
      keepAlive(async (signal, report) => {
        await using folder = await store.scratch();
        const videoPath = join(folder.path, basename(request.videoKey));
        const partsFolder = join(folder.path, 'parts');
        const parts = createStoredParts(store, request.partsPrefix, partsFolder);
        await parts.fetch();
        const talk = {
          requestId: request.requestId,
          portraitPath: await store.localPath(request.portraitKey),
          platePath: await store.localPath(request.plateKey),
          maskPath: await store.localPath(request.maskKey),
          plateShowsPerson: request.plateShowsPerson,
          isTransparent: request.isTransparent,
          ...(request.longSidePx !== undefined && { longSidePx: request.longSidePx }),
          voicePath: await store.localPath(request.voiceKey),
          partsFolder,
        };
        let storing: Promise<unknown> = Promise.resolve();
        const onProgress = (progress: TalkProgress) => {
          report(progress);
          storing = ignoreFailure(
            parts.store(),
            'A failed preview must not fail the talk. If the disk is broken, storing the video fails too.',
          );
        };
        const rendered = await renderer
          .render(talk, videoPath, { signal, onProgress })
          .finally(() => storing);
        return { ...rendered, video: await store.put(request.videoKey, { path: videoPath }) };
      }),
  };
}

export type RenderActivities = ReturnType<typeof createRenderActivities>;
