import { proxyActivities, type WorkflowInterceptors } from '@temporalio/workflow';
import { HANDED_BACK, isHandedBackType } from '../contracts/handed-back.ts';
import { codeOf } from './job-error.ts';

type AnyActivities = Record<string, (...args: unknown[]) => Promise<unknown>>;

/**
 * Runs each activity that a worker handed back again, as if that attempt had not been made: a restart of the workers is
 * not the fault of the job. Temporal counts such an attempt, so it ends the activity here and a new one follows.
 *
 * A crash of the worker does count, because the job may be the cause, for example if it needs too much memory.
 */
export const interceptors = (): WorkflowInterceptors => ({
  outbound: [
    {
      async scheduleActivity(input, next) {
        const { activityType, args, options } = input;
        const final = [...(options.retry?.nonRetryableErrorTypes ?? []), ...Object.values(HANDED_BACK)];
        try {
          return await next({
            ...input,
            options: { ...options, retry: { ...options.retry, nonRetryableErrorTypes: final } },
          });
        } catch (error) {
          if (!isHandedBackType(codeOf(error))) {
            throw error;
          }
          return await proxyActivities<AnyActivities>(options)[activityType]!(...args);
        }
      },
    },
  ],
});
