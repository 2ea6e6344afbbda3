import { type NativeConnection, Worker } from '@temporalio/worker';
import { type BackgroundDeps, createBackgroundActivities } from '../activities/background.ts';
import { withFailureBoundary } from '../activities/boundary.ts';
import { createDetectionActivities, type DetectionDeps } from '../activities/detection.ts';
import { QUEUES } from '../contracts/queues.ts';
import { WORKER_DEFAULTS } from './lifecycle.ts';

export interface GpuWorkerDeps extends DetectionDeps, BackgroundDeps {
  connection: NativeConnection;
  namespace: string;
  /** The queues' caps are the device's slots. */
  yoloSlots: number;
  birefnetSlots: number;
}

/** Workers for the stages that run on a device: one of these per device and host. */
export async function createGpuWorkers(deps: GpuWorkerDeps): Promise<Worker[]> {
  const common = { ...WORKER_DEFAULTS, connection: deps.connection, namespace: deps.namespace };
  return Promise.all([
    Worker.create({
      ...common,
      taskQueue: QUEUES.yolo,
      activities: withFailureBoundary(createDetectionActivities(deps)),
      maxConcurrentActivityTaskExecutions: deps.yoloSlots,
    }),
    Worker.create({
      ...common,
      taskQueue: QUEUES.birefnet,
      activities: withFailureBoundary(createBackgroundActivities(deps)),
      maxConcurrentActivityTaskExecutions: deps.birefnetSlots,
    }),
  ]);
}
