import { hostname } from 'node:os';
import { GPU_STATUS_INTERVAL_MS, gpuStatusKey, type ModelQueue } from '../contracts/gpu-status.ts';
import type { GpuWorkerStatus, SlotStatus } from '../contracts/schemas/gpu-status.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { SlotPool, SlotSnapshot } from '../ports/slot-task.ts';
import type { Logger } from './logger.ts';

interface PublisherOptions {
  store: ObjectStore;
  device: string;
  pools: Record<ModelQueue, Pick<SlotPool<never, unknown>, 'snapshot'>>;
  logger: Logger;
}

/** Keeps this worker's status in the store until disposed. The worker continues if the store is down. */
export async function publishGpuStatus({
  store,
  device,
  pools,
  logger,
}: PublisherOptions): Promise<AsyncDisposable> {
  const host = hostname();
  const key = gpuStatusKey(host, device);
  const publish = async () => {
    const status: GpuWorkerStatus = {
      host,
      pid: process.pid,
      device,
      updated_at: new Date().toISOString(),
      slots: {
        yolo: pools.yolo.snapshot().map(toSlotStatus),
        birefnet: pools.birefnet.snapshot().map(toSlotStatus),
      },
    };
    await store
      .put(key, Buffer.from(JSON.stringify(status)))
      .catch((err) => logger.debug({ err }, 'The status could not be stored'));
  };
  let running: Promise<void> | undefined;
  // One write at a time: after an outage of an hour, the store must not get hundreds of old states.
  const publishUnlessRunning = () => {
    running ??= publish().finally(() => {
      running = undefined;
    });
    return running;
  };
  await publishUnlessRunning();
  const timer = setInterval(publishUnlessRunning, GPU_STATUS_INTERVAL_MS);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await running;
      await store.delete(key).catch((err) => logger.debug({ err }, 'The status could not be deleted'));
    },
  };
}

function toSlotStatus({ pid, state, memoryMb, restarts, recycled, runs, facts }: SlotSnapshot): SlotStatus {
  return {
    ...(pid !== undefined && { pid }),
    state,
    ...(memoryMb !== undefined && { memory_mb: memoryMb }),
    restarts,
    recycled,
    runs,
    facts,
  };
}
