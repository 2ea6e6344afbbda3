import { PipelineError } from '../errors.ts';

interface SlotsMemory {
  slots: number;
  memoryGb: number;
}

export interface DeviceMemory {
  /** The id of the device. */
  device: string;
  memoryGb: number;
  yolo: SlotsMemory;
  birefnet: SlotsMemory;
}

/** @throws PipelineError DEVICE_MEMORY_EXCEEDED with the sum, if the slots need more memory than the device has. */
export function assertMemoryFits({ device, memoryGb, yolo, birefnet }: DeviceMemory): void {
  const neededGb = yolo.slots * yolo.memoryGb + birefnet.slots * birefnet.memoryGb;
  if (neededGb > memoryGb) {
    throw new PipelineError(
      'DEVICE_MEMORY_EXCEEDED',
      `The slots need ${yolo.slots} x ${yolo.memoryGb} GB (YOLO) + ${birefnet.slots} x ${birefnet.memoryGb} GB ` +
        `(BiRefNet) = ${neededGb} GB, but device ${device} has ${memoryGb} GB: lower YOLO_SLOTS or BIREFNET_SLOTS, ` +
        'or correct GPU_MEMORY_GB',
      { details: { neededGb, memoryGb } },
    );
  }
}

/** @throws PipelineError CONFIG_INVALID if the setting names several devices. */
export function assertOneDevice(device: string): void {
  if (device.includes(',')) {
    throw new PipelineError(
      'CONFIG_INVALID',
      `A GPU worker has one device, but CUDA_VISIBLE_DEVICES names ${device}: start one worker for each, or all with \`npm start\``,
    );
  }
}
