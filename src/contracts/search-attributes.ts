/** Search attributes of a job: what an operator filters by in Temporal's Web UI. All are keywords. */
export const SEARCH_ATTRIBUTES = {
  taskId: 'LimelightTaskId',
  stage: 'LimelightStage',
  provider: 'LimelightProvider',
  /** `running`, `completed`, `failed`, `cancelled`; of a failed job its error code is in the failure. */
  outcome: 'LimelightOutcome',
} as const;
