import type { InferenceSession } from 'onnxruntime-node';

/** What computes a model, in the order of preference. */
export const EXECUTION_PROVIDERS = ['tensorrt', 'cuda', 'cpu'] as const;
export type ExecutionProvider = (typeof EXECUTION_PROVIDERS)[number];

/** For `InferenceSession.create`. A slot sees its one device only, so that this is always number 0. */
export function toProviderConfig(provider: ExecutionProvider): InferenceSession.ExecutionProviderConfig {
  return provider === 'cpu' ? 'cpu' : { name: provider, deviceId: 0 };
}
