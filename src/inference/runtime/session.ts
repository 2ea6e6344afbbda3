import { env, InferenceSession, Tensor } from 'onnxruntime-node';
import { PipelineError } from '../../errors.ts';
import type { FoundModel } from '../../models/find-model.ts';
import { isDeviceFailure, toDeviceFailure } from './device-failure.ts';

/** Execution providers of ONNX Runtime, fastest first. */
export const EXECUTION_PROVIDERS = ['tensorrt', 'cuda', 'cpu'] as const;
export type ExecutionProvider = (typeof EXECUTION_PROVIDERS)[number];

export interface FloatTensor {
  data: Float32Array;
  dims: readonly number[];
}

interface InputTensor {
  data: Float32Array | BigInt64Array;
  dims: readonly number[];
}

/** One loaded model. It lives as long as its process: ONNX Runtime leaks memory when sessions are released. */
interface Session {
  /** In the model's order. A dimension that may have any length is 0 or a name. */
  inputs: ReadonlyArray<{ name: string; shape: ReadonlyArray<number | string> }>;
  outputNames: readonly string[];
  /**
   * Blocks the thread.
   * @param wanted names of the outputs to compute; default: all
   * @returns the outputs in the order of `wanted`, or of the model
   * @throws PipelineError DEVICE_FAILED; MODEL_INVALID if an output is not 32-bit floats
   */
  run(inputs: Record<string, InputTensor>, wanted?: readonly string[]): Promise<FloatTensor[]>;
}

export interface SessionOptions {
  /** Threads of one inference. */
  threads: number;
  /** Default: the CPU. */
  provider?: ExecutionProvider;
}

// Errors already report a missing CUDA; the runtime would print it a second time.
env.logLevel = 'fatal';

/**
 * @throws PipelineError MODEL_INVALID if the file does not load; DEVICE_FAILED if the provider fails or its memory is
 * short
 */
export async function openSession(
  { path, name }: { path: string; name: string },
  { threads, provider = 'cpu' }: SessionOptions,
): Promise<Session> {
  const session = await InferenceSession.create(path, {
    // A slot sees one device only, so its number is always 0.
    executionProviders: [provider === 'cpu' ? 'cpu' : { name: provider, deviceId: 0 }],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    // Warnings are advice for the exporter of the model.
    logSeverityLevel: 3,
  }).catch((error: Error) => {
    const failure = toDeviceFailure(error, `${name} on ${provider}`);
    throw isDeviceFailure(failure)
      ? failure
      : new PipelineError('MODEL_INVALID', `Cannot load the model ${name} on ${provider}: ${error.message}`, {
          cause: error,
        });
  });
  return {
    inputs: session.inputMetadata.map((input) => ({
      name: input.name,
      shape: input.isTensor ? input.shape : [],
    })),
    outputNames: session.outputNames,
    async run(inputs, wanted = session.outputNames) {
      const feeds: Record<string, Tensor> = {};
      for (const [input, { data, dims }] of Object.entries(inputs)) {
        feeds[input] =
          data instanceof Float32Array ? new Tensor('float32', data, dims) : new Tensor('int64', data, dims);
      }
      const results = await session.run(feeds, wanted).catch((error) => {
        throw toDeviceFailure(error, name);
      });
      return wanted.map((output) => {
        const result = results[output];
        if (!(result?.data instanceof Float32Array)) {
          throw new PipelineError(
            'MODEL_INVALID',
            `Expected 32-bit floats as the output ${output} of the model ${name}, but got ${result?.type ?? 'nothing'}`,
          );
        }
        return { data: result.data, dims: result.dims };
      });
    },
  };
}

/**
 * A model whose one input is a picture. Returns the outputs in the order of the contract's `output.names`, if it names
 * any.
 */
type ImageModel = (input: FloatTensor) => Promise<FloatTensor[]>;

/** @throws PipelineError as `openSession`; MODEL_INVALID if the file lacks an input or output of its contract */
export async function openImageModel(
  { path, contract }: FoundModel,
  options: SessionOptions,
): Promise<ImageModel> {
  const { name, input, output } = contract;
  const { inputs, outputNames, run } = await openSession({ path, name }, options);
  const inputNames = inputs.map((one) => one.name);
  const inputName = input.name ?? inputNames[0]!;
  const missing = [
    ...[inputName].filter((wanted) => !inputNames.includes(wanted)),
    ...output.names.filter((wanted) => !outputNames.includes(wanted)),
  ];
  if (missing.length > 0) {
    throw new PipelineError(
      'MODEL_INVALID',
      `The model ${name} has inputs ${inputNames.join(', ')} and outputs ${outputNames.join(', ')}, ` +
        `but its manifest names ${missing.join(', ')}`,
    );
  }
  const wanted = output.names.length > 0 ? output.names : outputNames;
  return (picture) => run({ [inputName]: picture }, wanted);
}
