import type { Context } from '@temporalio/activity';
import type { ActivityInterceptors } from '@temporalio/worker';
import { taskIdOf } from '../contracts/messages.ts';
import { withLogContext } from '../telemetry/log-context.ts';

/** Around every attempt of every activity: what is logged in it says of which task and activity it is. */
export function observeActivity({ info }: Context): ActivityInterceptors {
  const taskId = info.workflowExecution && taskIdOf(info.workflowExecution.workflowId);
  return {
    inbound: {
      execute: (input, next) =>
        withLogContext({ ...(taskId && { task_id: taskId }), activity: info.activityType }, () =>
          next(input),
        ),
    },
  };
}
