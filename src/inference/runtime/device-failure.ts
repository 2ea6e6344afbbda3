import { PipelineError } from '../../errors.ts';

/** How ONNX Runtime, CUDA, cuDNN, TensorRT and C++ say that memory is short. None of them has a code for it. */
const OUT_OF_MEMORY = /out of memory|failed to allocate|bad_?alloc|cannot allocate|CUDA_ERROR_OUT_OF_MEMORY/i;
const DEVICE_ERROR =
  /\bCUDA(_ERROR|NN| failure| error)|\bcudnn|\bcublas|tensorrt|device (was )?(lost|removed|reset)/i;

/** A failure of the device rather than of the model as DEVICE_FAILED, anything else as it is. */
export function toDeviceFailure(error: unknown, what: string): unknown {
  const message = error instanceof Error ? error.message : String(error);
  const outOfMemory = OUT_OF_MEMORY.test(message);
  if (error instanceof PipelineError || (!outOfMemory && !DEVICE_ERROR.test(message))) {
    return error;
  }
  return new PipelineError('DEVICE_FAILED', `${what} could not be computed: ${message}`, {
    cause: error,
    details: { outOfMemory },
  });
}

export function isDeviceFailure(error: unknown): error is PipelineError {
  return error instanceof PipelineError && error.code === 'DEVICE_FAILED';
}

export function isOutOfMemory(error: unknown): boolean {
  return isDeviceFailure(error) && error.details?.outOfMemory === true;
}
