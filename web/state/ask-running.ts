import { server } from '../server/server.ts';
import { change, isOver, takeStatus, taskIds, taskOf, uploadsGoOn } from './tasks.ts';

/** Of those that run, so many are asked how far they are in one go. */
const ASKED_AT_ONCE = 4;

/** How far the tasks are that run, whichever view is open; asks nothing where none does. */
export async function askRunning(): Promise<void> {
  await uploadsGoOn;
  const running = taskIds.value.filter((id) => {
    const task = taskOf(id).value;
    return !isOver(task) && task.uploading === undefined;
  });
  for (let at = 0; at < running.length; at += ASKED_AT_ONCE) {
    const asked = running.slice(at, at + ASKED_AT_ONCE);
    await Promise.all(
      asked.map((id) => server.status(id).then(takeStatus, (error) => takeAbsence(id, error))),
    );
  }
}

function takeAbsence(id: string, { code }: { code?: string }): void {
  if (code === 'TASK_NOT_FOUND') {
    change(id, { isGone: true });
  }
}
