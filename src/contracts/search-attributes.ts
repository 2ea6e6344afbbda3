/** Search attributes of a job: what an operator filters by in Temporal's Web UI. All are keywords. */
export const SEARCH_ATTRIBUTES = {
  taskId: 'LimelightTaskId',
  stage: 'LimelightStage',
  provider: 'LimelightProvider',
  /** `running`, `completed`, `failed`, `cancelled`. */
  outcome: 'LimelightOutcome',
  /** Of a failed job, its error code. */
  error: 'LimelightError',
  /** The name of the API key that the task belongs to; absent on a server without keys. */
  key: 'LimelightKey',
} as const;
