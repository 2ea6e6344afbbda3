import type { Timeline } from '../contracts/timeline.ts';

export interface TimelineClient {
  /**
   * From the history of the job, which may still run. Rejects with TASK_NOT_FOUND where Temporal does not know it (any
   * more), with TEMPORAL_UNAVAILABLE where no answer comes in seconds.
   */
  read(taskId: string): Promise<Timeline>;
}
