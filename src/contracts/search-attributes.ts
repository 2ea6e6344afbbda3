/** Search attributes of a job, for lists and for filters in Temporal's Web UI. */
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
  /** When the task was submitted. Unlike the start of the execution, it stays the same in a retry. */
  submittedAt: 'LimelightSubmittedAt',
} as const;

export type SearchAttributeType = 'Keyword' | 'Datetime';

export function searchAttributeType(name: string): SearchAttributeType {
  return name === SEARCH_ATTRIBUTES.submittedAt ? 'Datetime' : 'Keyword';
}
