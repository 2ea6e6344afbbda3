import { join } from 'node:path';
import type { StoredObject } from '../contracts/schemas/job.ts';
import type { Background } from '../contracts/schemas/job-options.ts';
import { composePortrait } from '../media/picture/compose-portrait.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { keepAlive } from './keep-alive.ts';

interface ComposeRequest {
  photoKey: string;
  cutoutKey: string;
  background: Background;
  backdropKey?: string;
  plateKey: string;
  portraitKey: string;
}

export function createCompositionActivities({ store }: { store: ObjectStore }) {
  return {
    /**
     * Puts the cut-out person on the background. Stores the portrait that a provider animates, and the background alone.
     */
    composePortrait: (request: ComposeRequest): Promise<StoredObject[]> =>
      keepAlive(async () => {
        await using folder = await store.scratch();
        const platePath = join(folder.path, 'plate.png');
        const portraitPath = join(folder.path, 'portrait.png');
        await composePortrait({
          photoPath: await store.localPath(request.photoKey),
          cutoutPath: await store.localPath(request.cutoutKey),
          background: request.background,
          ...(request.backdropKey && { backgroundImagePath: await store.localPath(request.backdropKey) }),
          platePath,
          portraitPath,
        });
        return store.putMany([
          { key: request.plateKey, body: { path: platePath } },
          { key: request.portraitKey, body: { path: portraitPath } },
        ]);
      }),
  };
}

export type CompositionActivities = ReturnType<typeof createCompositionActivities>;
