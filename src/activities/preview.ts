import type { StoredObject } from '../contracts/schemas/job.ts';
import type { Box } from '../contracts/schemas/job-outcome.ts';
import { cropFaces, shrinkCutout } from '../media/picture/preview-pictures.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { keepAlive } from './keep-alive.ts';

/** Boxes are in pixels of the photo. */
interface DrawFacesRequest {
  photoKey: string;
  faces: Array<{ key: string; person: Box; face?: Box }>;
}

/** Small pictures for clients. */
export function createPreviewActivities({ store }: { store: ObjectStore }) {
  return {
    drawCutout: (request: { cutoutKey: string; pictureKey: string }): Promise<StoredObject> =>
      keepAlive(async () => {
        const body = await shrinkCutout(await store.localPath(request.cutoutKey));
        return store.put(request.pictureKey, body);
      }),

    /** The face of each person, or their top if no face is known. */
    drawFaces: ({ photoKey, faces }: DrawFacesRequest): Promise<StoredObject[]> =>
      keepAlive(async () => {
        const pictures = await cropFaces(await store.localPath(photoKey), faces);
        return store.putMany(faces.map(({ key }, index) => ({ key, body: pictures[index]! })));
      }),
  };
}

export type PreviewActivities = ReturnType<typeof createPreviewActivities>;
