import { isFailure, server } from '../server/server.ts';
import { change, isOver, takeStatus, taskIds, taskOf, uploadsResumed } from './tasks.ts';

const MAX_CONCURRENT_REQUESTS = 4;

/** Updates the status of all running tasks, in every view. */
export async function pollRunning(): Promise<void> {
  await uploadsResumed;
  const running = taskIds.value.filter((id) => {
    const task = taskOf(id).value;
    return !isOver(task) && task.uploading === undefined;
  });
  for (let at = 0; at < running.length; at += MAX_CONCURRENT_REQUESTS) {
    const asked = running.slice(at, at + MAX_CONCURRENT_REQUESTS);
    await Promise.all(
      asked.map((id) => server.status(id).then(takeStatus, (error) => takeAbsence(id, error))),
    );
  }
}

function takeAbsence(id: string, error: unknown): void {
  if (isFailure(error, 'TASK_NOT_FOUND')) {
    change(id, { isGone: true });
  }
}
