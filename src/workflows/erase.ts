import { proxyActivities } from '@temporalio/workflow';
import type { EraseActivities } from '../activities/erase.ts';
import { QUEUES } from '../contracts/queues.ts';
import type { ErasedThing, EraseReceipt } from '../contracts/schemas/erase-receipt.ts';
import { remoteActivities } from './remote-talk/remote-activities.ts';

const { endExecutions, findRemote, eraseFiles, deleteExecutions } = proxyActivities<EraseActivities>({
  taskQueue: QUEUES.io,
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: '10 s',
  // Retried for a day: what must be erased must not stay because a disk was unavailable.
  scheduleToCloseTimeout: '1 day',
  retry: { initialInterval: '500 ms', backoffCoefficient: 2, maximumInterval: '1 minute' },
  summary: 'Erase a task',
});

/** Erases everything of a task: its running workflows first, and their histories last. The receipt lists each thing. */
export async function eraseTask({ taskId }: { taskId: string }): Promise<EraseReceipt> {
  await endExecutions({ taskId });
  const atProvider = await eraseRemote(taskId);
  const files = await eraseFiles({ taskId });
  const executions = await deleteExecutions({ taskId });
  return {
    task_id: taskId,
    erased_at: new Date().toISOString(),
    erased: [...atProvider, ...files, ...executions],
  };
}

async function eraseRemote(taskId: string): Promise<ErasedThing[]> {
  const erased: ErasedThing[] = [];
  for (const { provider, what, id } of await findRemote({ taskId })) {
    const { undo } = remoteActivities({ queue: provider, label: provider }, 1);
    await undo.deleteRemote({ what, id });
    erased.push({
      kind: 'provider',
      name: `${what} ${id}`,
      erased_at: new Date().toISOString(),
    });
  }
  return erased;
}
