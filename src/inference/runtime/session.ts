import { env, InferenceSession, Tensor } from 'onnxruntime-node';
import { PipelineError } from '../../errors.ts';
import { isDeviceFailure, toDeviceFailure } from './device-failure.ts';
import { type ExecutionProvider, toProviderConfig } from './execution-provider.ts';
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
  /** Default: the CPU. */
  provider?: ExecutionProvider;
}

// What CUDA's absence has to say is in the errors; the runtime would print it a second time.
env.logLevel = 'fatal';

/**
 * Rejects with MODEL_INVALID where the file does not load, or has other inputs or outputs than its contract, with
 * DEVICE_FAILED where the provider or its memory fails, here or in `run`.
 */
export async function openSession(
  { path, contract }: FoundModel,
  { threads, provider = 'cpu' }: SessionOptions,
): Promise<Session> {
  const { name, input, output } = contract;
  const session = await InferenceSession.create(path, {
    executionProviders: [toProviderConfig(provider)],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    // Warnings tell how a model could have been exported better; nobody who runs it can do that.
    logSeverityLevel: 3,
  }).catch((error: Error) => {
    const failure = toDeviceFailure(error, `${name} on ${provider}`);
    if (isDeviceFailure(failure)) {
      throw failure;
    }
    throw new PipelineError(
      'MODEL_INVALID',
      `The model ${name} does not load on ${provider}: ${error.message}`,
      {
        cause: error,
      },
    );
  });
  const inputName = input.name ?? session.inputNames[0]!;
  const lacking = [
    ...[inputName].filter((wanted) => !session.inputNames.includes(wanted)),
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
      const results = await session
        .run({ [inputName]: new Tensor('float32', data, dims) }, outputs)
        .catch((error) => {
          throw toDeviceFailure(error, name);
        });
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
