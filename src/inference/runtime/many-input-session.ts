import { InferenceSession, Tensor } from 'onnxruntime-node';
import { PipelineError } from '../../errors.ts';
import type { ModelFile } from './find-model.ts';

export interface InputTensor {
  data: Float32Array | BigInt64Array;
  dims: readonly number[];
}

/** A loaded model that takes more than a picture. It lives as long as its process. */
export interface ManyInputSession {
  /** The model's own inputs, with the shapes that it names; 0 or a word where any length is taken. */
  inputs: ReadonlyArray<{ name: string; shape: ReadonlyArray<number | string> }>;
  outputNames: readonly string[];
  /** Blocks the thread. All outputs by their names. */
  run(
    inputs: Record<string, InputTensor>,
  ): Promise<Record<string, { data: Float32Array; dims: readonly number[] }>>;
}

/** @throws PipelineError MODEL_INVALID where the file does not load */
export async function openManyInputSession(
  { path, name }: ModelFile,
  { threads }: { threads: number },
): Promise<ManyInputSession> {
  const session = await InferenceSession.create(path, {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  }).catch((error: Error) => {
    throw new PipelineError('MODEL_INVALID', `The model ${name} does not load: ${error.message}`, {
      cause: error,
    });
  });
  return {
    inputs: session.inputMetadata.map((input) => ({
      name: input.name,
      shape: input.isTensor ? input.shape : [],
    })),
    outputNames: session.outputNames,
    async run(inputs) {
      const feeds = Object.fromEntries(
        Object.entries(inputs).map(([input, { data, dims }]) => [
          input,
          data instanceof BigInt64Array ? new Tensor('int64', data, dims) : new Tensor('float32', data, dims),
        ]),
      );
      const results = await session.run(feeds);
      return Object.fromEntries(
        Object.entries(results).map(([output, { data, dims }]) => [
          output,
          { data: data as Float32Array, dims },
        ]),
      );
    },
  };
}
