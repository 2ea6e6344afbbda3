/** The workflow that runs a stage's model on a picture of the project's own, through its real queue. Never renamed. */
export const SELF_TEST = 'selfTest';

export const SELF_TESTS = ['person-detection', 'background-removal'] as const;
export type SelfTestName = (typeof SELF_TESTS)[number];

export interface SelfTestResult {
  /** What the model made of the picture: the best person's confidence, or the share of the picture that is a person. */
  score: number;
  timings_ms: Record<string, number>;
}
