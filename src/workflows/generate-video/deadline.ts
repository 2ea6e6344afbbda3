import { ApplicationFailure, CancellationScope, isCancellation, sleep } from '@temporalio/workflow';

/**
 * Runs `work` in a scope that is cancelled at the deadline. The failure then is DEADLINE_EXCEEDED, in place of the
 * cancellation that the work saw; a cancellation from outside passes as it is.
 */
export async function withDeadline<T>(
  deadline: { at: Date; seconds: number },
  work: () => Promise<T>,
): Promise<T> {
  const scope = new CancellationScope();
  const timer = new CancellationScope();
  let expired = false;
  const expiry = timer.run(async () => {
    await sleep(deadline.at.getTime() - Date.now(), {
      summary: `Deadline of the job: ${deadline.seconds} s`,
    });
    expired = true;
    scope.cancel();
  });
  // A cancelled timer is the normal end; nobody awaits it.
  expiry.catch(() => undefined);
  try {
    return await scope.run(work);
  } catch (error) {
    if (expired && isCancellation(error)) {
      throw ApplicationFailure.create({
        type: 'DEADLINE_EXCEEDED',
        nonRetryable: true,
        message: `The job did not end within its deadline of ${deadline.seconds} s. Submit it again with a larger deadline_s.`,
      });
    }
    throw error;
  } finally {
    timer.cancel();
  }
}
