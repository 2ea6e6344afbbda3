import { join } from 'node:path';
import type { StoredObject } from '../contracts/schemas/job.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type {
  DecoderInput,
  DecoderResult,
  PrepareMediaResult,
  PreparePhotoResult,
} from '../ports/prepare-media.ts';
import type { SlotPool } from '../ports/slot-task.ts';
import { keepAlive } from './keep-alive.ts';

export interface MediaDeps {
  store: ObjectStore;
  decoder: SlotPool<DecoderInput, DecoderResult>;
}

interface PrepareMediaRequest {
  imageKey: string;
  audioKey: string;
  backgroundImageKey?: string;
  photoKey: string;
  voiceKey: string;
  backdropKey: string;
}

export function createMediaActivities({ store, decoder }: MediaDeps) {
  return {
    /**
     * Decodes the uploads in a process of its own, which a bad file may crash, and stores them in the one form that all
     * stages read. Rejects with every error that a photo or a recording can cause.
     */
    prepareMedia: (request: PrepareMediaRequest): Promise<PrepareMediaResult & { stored: StoredObject[] }> =>
      keepAlive(async (signal) => {
        await using folder = await store.scratch();
        const photoPath = join(folder.path, 'photo.png');
        const voicePath = join(folder.path, 'voice.wav');
        const backgroundPath = join(folder.path, 'backdrop.png');
        const input = {
          imagePath: await store.localPath(request.imageKey),
          audioPath: await store.localPath(request.audioKey),
          ...(request.backgroundImageKey && {
            backgroundImagePath: await store.localPath(request.backgroundImageKey),
          }),
          photoPath,
          voicePath,
          backgroundPath,
        };
        const result = (await decoder.run(input, { signal })) as PrepareMediaResult;
        const stored = await store.putMany([
          { key: request.photoKey, body: { path: photoPath } },
          { key: request.voiceKey, body: { path: voicePath } },
          ...(request.backgroundImageKey
            ? [{ key: request.backdropKey, body: { path: backgroundPath } }]
            : []),
        ]);
        return { ...result, stored };
      }),

    /** The photo alone, the same as `prepareMedia` makes of it. Larger ones are reduced to `longSidePx`. */
    preparePhoto: (request: {
      imageKey: string;
      photoKey: string;
      longSidePx?: number;
    }): Promise<PreparePhotoResult & { stored: StoredObject }> =>
      keepAlive(async (signal) => {
        await using folder = await store.scratch();
        const photoPath = join(folder.path, 'photo.png');
        const { imageKey, photoKey, ...rest } = request;
        const input = { imagePath: await store.localPath(imageKey), photoPath, ...rest };
        const result = (await decoder.run(input, { signal })) as PreparePhotoResult;
        return { ...result, stored: await store.put(photoKey, { path: photoPath }) };
      }),
  };
}

export type MediaActivities = ReturnType<typeof createMediaActivities>;
