import { PipelineError } from '../errors.ts';
import type { JobClient } from '../ports/job-client.ts';

/** Rejects where Temporal does not answer: then nobody knows. */
export async function isTaskRunning(jobs: Pick<JobClient, 'describe'>, taskId: string): Promise<boolean> {
  try {
    return (await jobs.describe(taskId)).status === 'running';
  } catch (error) {
    if (error instanceof PipelineError && error.code === 'TASK_NOT_FOUND') {
      return false;
    }
    throw error;
  }
}
