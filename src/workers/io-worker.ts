import { fileURLToPath } from 'node:url';
import { type NativeConnection, Worker } from '@temporalio/worker';
import { withFailureBoundary } from '../activities/boundary.ts';
import { createCompositionActivities } from '../activities/composition.ts';
import { createMediaActivities, type MediaDeps } from '../activities/media.ts';
import { createRecordActivities, type RecordDeps } from '../activities/records.ts';
import { createRenderActivities, type RenderDeps } from '../activities/render.ts';
import { createVideoActivities } from '../activities/video.ts';
import { QUEUES } from '../contracts/queues.ts';
import { WORKER_DEFAULTS } from './lifecycle.ts';

export interface IoWorkerDeps extends MediaDeps, RecordDeps, RenderDeps {
  connection: NativeConnection;
  namespace: string;
  /** Caps of the queues that run in child processes: as many as there are slots. */
  mediaSlots: number;
  renderSlots: number;
}

/** Workers for everything that needs no GPU: the workflows, short activities, decoding, the built-in renderer. */
export async function createIoWorkers(deps: IoWorkerDeps): Promise<Worker[]> {
  const { connection, namespace } = deps;
  const common = { ...WORKER_DEFAULTS, connection, namespace };
  return Promise.all([
    Worker.create({
      ...common,
      taskQueue: QUEUES.pipeline,
      workflowsPath: fileURLToPath(new URL('../workflows/index.ts', import.meta.url)),
    }),
    Worker.create({
      ...common,
      taskQueue: QUEUES.io,
      activities: withFailureBoundary({
        ...createCompositionActivities(deps),
        ...createVideoActivities(deps),
        ...createRecordActivities(deps),
      }),
    }),
    Worker.create({
      ...common,
      taskQueue: QUEUES.media,
      activities: withFailureBoundary(createMediaActivities(deps)),
      maxConcurrentActivityTaskExecutions: deps.mediaSlots,
    }),
    Worker.create({
      ...common,
      taskQueue: QUEUES.render,
      activities: withFailureBoundary(createRenderActivities(deps)),
      maxConcurrentActivityTaskExecutions: deps.renderSlots,
    }),
  ]);
}
