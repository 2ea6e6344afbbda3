import {
  CancellationScope,
  condition,
  defineSignal,
  getExternalWorkflowHandle,
  isCancellation,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { SAME_JOB_ENDED_SIGNAL, SAME_JOB_SIGNAL } from '../../contracts/content-cache.ts';
import type { JobInput } from '../../contracts/schemas/job.ts';
import type { VideoAnswer } from '../../contracts/schemas/messages.ts';
import { cache, undo } from '../activities.ts';
import type { ProgressLog } from './progress-log.ts';

/** A signal may be lost with the job that was to send it: then the cache is asked again. */
const ASK_AGAIN_MS = 30_000;

/**
 * The same job's video, or the right to make it. While another job makes it this one waits; where that one ends without
 * a video, or is gone, one of those that wait makes it.
 */
export async function claimJob(job: JobInput, progress: ProgressLog): Promise<VideoAnswer> {
  let hasEnded = false;
  let isTold = false;
  let stale: string | undefined;
  setHandler(defineSignal(SAME_JOB_ENDED_SIGNAL), () => {
    hasEnded = true;
  });
  for (;;) {
    hasEnded = false;
    const answer = await cache.findVideo({ job, ...(stale !== undefined && { stale }) });
    if (answer.kind !== 'taken') {
      return answer;
    }
    if (!(await signal(answer.owner, SAME_JOB_SIGNAL, workflowInfo().workflowId))) {
      stale = answer.claim;
      continue;
    }
    if (!isTold) {
      isTold = true;
      progress.enter('INITIALIZED', 'The same job is under way: its video is waited for');
    }
    await condition(() => hasEnded, ASK_AGAIN_MS, { summary: 'Until the same job has its video' });
  }
}

export async function giveBack(claim: string, waiting: Iterable<string>): Promise<void> {
  await CancellationScope.nonCancellable(async () => {
    await undo.discard({ keys: [claim] });
    for (const workflowId of waiting) {
      await signal(workflowId, SAME_JOB_ENDED_SIGNAL);
    }
  });
}

/** Whether it runs and so hears it. */
async function signal(workflowId: string, name: string, ...args: unknown[]): Promise<boolean> {
  try {
    await getExternalWorkflowHandle(workflowId).signal(name, ...args);
    return true;
  } catch (error) {
    if (isCancellation(error)) {
      throw error;
    }
    return false;
  }
}
