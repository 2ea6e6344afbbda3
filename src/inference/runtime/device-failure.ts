import { isFailure, PipelineError } from '../../errors.ts';

/** How ONNX Runtime, CUDA, cuDNN, TensorRT and C++ report that memory is short. None of them has a code for it. */
const OUT_OF_MEMORY = /out of memory|failed to allocate|bad_?alloc|cannot allocate|CUDA_ERROR_OUT_OF_MEMORY/i;
const DEVICE_ERROR =
  /\bCUDA(_ERROR|NN| failure| error)|\bcudnn|\bcublas|tensorrt|device (was )?(lost|removed|reset)/i;

/** Converts failures of the device to DEVICE_FAILED. Returns all other errors unchanged: they are the model's own. */
export function toDeviceFailure(error: unknown, what: string): unknown {
  const message = error instanceof Error ? error.message : String(error);
  const outOfMemory = OUT_OF_MEMORY.test(message);
  if (error instanceof PipelineError || (!outOfMemory && !DEVICE_ERROR.test(message))) {
    return error;
  }
  return new PipelineError('DEVICE_FAILED', `Cannot compute ${what}: ${message}`, {
    cause: error,
    details: { outOfMemory },
  });
}

export function isDeviceFailure(error: unknown): error is PipelineError {
  return isFailure(error, 'DEVICE_FAILED');
}

export function isOutOfMemory(error: unknown): boolean {
  return isDeviceFailure(error) && error.details?.outOfMemory === true;
}
