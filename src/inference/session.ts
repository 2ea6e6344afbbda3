import { InferenceSession, Tensor } from 'onnxruntime-node';
import { PipelineError } from '../errors.ts';
import type { FoundModel } from './find-model.ts';

/** Float tensors by the names of the model's outputs. */
export interface FloatTensor {
  data: Float32Array;
  dims: readonly number[];
}

/** One loaded model. It lives as long as its process: sessions leak when they are made and released again. */
export interface Session {
  /** Blocks the thread. Answers in the order of the contract's `output.names`, or of the model's own where it names none. */
  run(input: FloatTensor): Promise<FloatTensor[]>;
}

export interface SessionOptions {
  /** Threads of one inference. */
  threads: number;
}

/** @throws PipelineError MODEL_INVALID where the file does not load, or has other inputs or outputs than its contract. */
export async function openSession(
  { path, contract }: FoundModel,
  { threads }: SessionOptions,
): Promise<Session> {
  const { name, input, output } = contract;
  const session = await InferenceSession.create(path, {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    // Warnings tell how a model could have been exported better; nobody who runs it can do that.
    logSeverityLevel: 3,
  }).catch((cause: Error) => {
    throw new PipelineError('MODEL_INVALID', `The model ${name} does not load: ${cause.message}`, { cause });
  });
  const lacking = [
    ...[input.name].filter((wanted) => !session.inputNames.includes(wanted)),
    ...output.names.filter((wanted) => !session.outputNames.includes(wanted)),
  ];
  if (lacking.length > 0) {
    throw new PipelineError(
      'MODEL_INVALID',
      `The model ${name} has inputs ${session.inputNames.join(', ')} and outputs ${session.outputNames.join(', ')}, ` +
        `but its manifest names ${lacking.join(', ')}`,
    );
  }

  const outputs = output.names.length > 0 ? output.names : session.outputNames;
  return {
    async run({ data, dims }) {
      const results = await session.run({ [input.name]: new Tensor('float32', data, dims) }, outputs);
      return outputs.map((wanted) => {
        const result = results[wanted];
        if (!(result?.data instanceof Float32Array)) {
          throw new PipelineError('MODEL_INVALID', `The model ${name} gives no 32-bit floats as ${wanted}`);
        }
        return { data: result.data, dims: result.dims };
      });
    },
  };
}
