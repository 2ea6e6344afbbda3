import type { StoredObject } from '../contracts/schemas/job.ts';
import type { Box } from '../contracts/schemas/job-outcome.ts';
import { cropFace, shrinkCutout } from '../media/picture/preview-pictures.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { keepAlive } from './keep-alive.ts';

interface DrawPreviewRequest {
  photoKey: string;
  /** The crops to store. Boxes are in pixels of the photo. */
  faces: Array<{ key: string; person: Box; face?: Box }>;
  /** Absent if nobody could be cut out. */
  cutout?: { from: string; to: string };
}

export function createPreviewActivities({ store }: { store: ObjectStore }) {
  return {
    /** Stores small pictures for the client: the cut-out, and the face of each person. */
    drawPreview: ({ photoKey, faces, cutout }: DrawPreviewRequest): Promise<StoredObject[]> =>
      keepAlive(async () => {
        const photoPath = await store.localPath(photoKey);
        const drawn = await Promise.all([
          ...faces.map(async ({ key, ...boxes }) => ({ key, body: await cropFace(photoPath, boxes) })),
          ...(cutout ? [{ key: cutout.to, body: shrinkCutout(await store.localPath(cutout.from)) }] : []).map(
            async ({ key, body }) => ({ key, body: await body }),
          ),
        ]);
        return store.putMany(drawn);
      }),
  };
}

export type PreviewActivities = ReturnType<typeof createPreviewActivities>;
