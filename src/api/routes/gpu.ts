import { createRoute } from '@hono/zod-openapi';
import { GPU_STATUS_INTERVAL_MS, GPU_STATUS_PREFIX, type ModelQueue } from '../../contracts/gpu-status.ts';
import { GpuStatus, GpuWorkerStatus } from '../../contracts/schemas/gpu-status.ts';
import { ignoreFailure } from '../../errors.ts';
import type { ObjectStore } from '../../ports/object-store.ts';
import type { ApiDeps } from './api-deps.ts';
import { createRoutes } from './create-routes.ts';
import { problems } from './problems.ts';

/** A worker without an update for this long is gone. */
const STALE_MS = 4 * GPU_STATUS_INTERVAL_MS;

const gpu = createRoute({
  method: 'get',
  path: '/api/gpu',
  tags: ['Operation'],
  summary: 'Queues, slots and models of the GPU workers',
  responses: {
    200: { description: 'As of now.', content: { 'application/json': { schema: GpuStatus } } },
    ...problems('TEMPORAL_UNAVAILABLE'),
  },
});

export function gpuRoutes({ store, models }: Pick<ApiDeps, 'store' | 'models'>) {
  return createRoutes().openapi(gpu, async (c) => {
    const [workers, yolo, birefnet] = await Promise.all([
      readWorkers(store),
      models.queueLength('yolo'),
      models.queueLength('birefnet'),
    ]);
    const toQueue = (queue: ModelQueue, waiting: number) => {
      const slots = workers.flatMap((worker) => worker.slots[queue]);
      return { waiting, slots: slots.length, busy: slots.filter(({ state }) => state === 'busy').length };
    };
    c.header('Cache-Control', 'no-store');
    const queues = { yolo: toQueue('yolo', yolo), birefnet: toQueue('birefnet', birefnet) };
    return c.json({ queues, workers }, 200);
  });
}

async function readWorkers(store: ObjectStore): Promise<GpuWorkerStatus[]> {
  const workers: GpuWorkerStatus[] = [];
  for await (const { key, modifiedAt } of store.list(GPU_STATUS_PREFIX)) {
    if (Date.now() - modifiedAt.getTime() < STALE_MS) {
      const reading = store.read(key).then((json) => GpuWorkerStatus.parse(JSON.parse(json.toString())));
      const worker = await ignoreFailure(reading, 'another version may have written it, or it is damaged');
      workers.push(...(worker ? [worker] : []));
    }
  }
  return workers;
}
