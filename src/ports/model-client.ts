import type { ModelQueue } from '../contracts/gpu-status.ts';
import type { SelfTestName, SelfTestResult } from '../contracts/self-test.ts';

/** What the API needs to know of the models. Both reject with TEMPORAL_UNAVAILABLE where no answer comes in time. */
export interface ModelClient {
  /** How many activities wait for a slot. */
  queueLength(queue: ModelQueue): Promise<number>;
  /** Runs the model in one of its slots. Rejects with the error of the model, such as MODEL_INVALID. */
  selfTest(name: SelfTestName): Promise<SelfTestResult>;
}
