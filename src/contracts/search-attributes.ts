/** Search attributes of a job, for filters in Temporal's Web UI. All are keywords. */
export const SEARCH_ATTRIBUTES = {
  taskId: 'LimelightTaskId',
  stage: 'LimelightStage',
  provider: 'LimelightProvider',
  /** `running`, `completed`, `failed`, `cancelled`. */
  outcome: 'LimelightOutcome',
  /** The error code of a failed job. */
  error: 'LimelightError',
  /** The name of the API key that the task belongs to. Absent on a server without keys. */
  key: 'LimelightKey',
} as const;
