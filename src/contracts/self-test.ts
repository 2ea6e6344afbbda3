/** The workflow that runs a model on a built-in picture, through its real queue. */
export const SELF_TEST = 'selfTest';

export type SelfTestName = 'person-detection' | 'background-removal';

export interface SelfTestResult {
  /** The confidence of the best person, or the share of the picture that is a person. */
  score: number;
  timings_ms: Record<string, number>;
}
