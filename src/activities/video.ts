import { join } from 'node:path';
import type { StoredObject } from '../contracts/schemas/job.ts';
import { checkVideo, type VideoFacts } from '../media/decode/check-video.ts';
import { writeThumbnail } from '../media/picture/thumbnail.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { keepAlive } from './keep-alive.ts';

export function createVideoActivities({ store }: { store: ObjectStore }) {
  return {
    /** Checks that the stored video plays, stores a thumbnail, and deletes the parts. Rejects with VIDEO_UNPLAYABLE. */
    finishVideo: (request: {
      videoKey: string;
      thumbnailKey: string;
      partsPrefix: string;
    }): Promise<VideoFacts & { thumbnail: StoredObject }> =>
      keepAlive(async () => {
        await using folder = await store.scratch();
        const videoPath = await store.localPath(request.videoKey);
        const facts = await checkVideo(videoPath);
        const thumbnailPath = join(folder.path, 'thumbnail.jpg');
        await writeThumbnail(videoPath, thumbnailPath);
        const thumbnail = await store.put(request.thumbnailKey, { path: thumbnailPath });
        await store.deleteAll(request.partsPrefix);
        return { ...facts, thumbnail };
      }),
  };
}

export type VideoActivities = ReturnType<typeof createVideoActivities>;
