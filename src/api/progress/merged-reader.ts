import type { EndEvent } from '../../contracts/schemas/stage-event.ts';
import { isFailure } from '../../errors.ts';
import type { ProgressReader } from './progress-reader.ts';
import { encodeFrame } from './sse.ts';

/** Follows one task. Rejects with TASK_NOT_FOUND, or with another failure that concerns all tasks. */
export type Follow = (task: { id: string; since: number }, reader: ProgressReader) => Promise<() => void>;

/**
 * Passes the events of several tasks to one reader, with an `end` message after the last event of each task, or in its place
 * if there is no such task. The reader ends with the last task, or as soon as this process stops.
 * Resolves to a function for when the reader leaves.
 */
export async function followMany(
  tasks: readonly { id: string; since: number }[],
  follow: Follow,
  reader: ProgressReader,
): Promise<() => void> {
  let running = tasks.length;
  const end = (id: string, code?: EndEvent['code']) => {
    const data: EndEvent = { task_id: id, ...(code && { code }) };
    reader.send(encodeFrame({ event: 'end', data }));
    running -= 1;
    if (running === 0) reader.end(undefined);
  };
  const leaving = await Promise.allSettled(
    tasks.map(async (task) => {
      try {
        return await follow(task, {
          send: reader.send,
          end(outcome) {
            if (outcome) end(task.id);
            else reader.end(undefined);
          },
        });
      } catch (error) {
        if (!isFailure(error, 'TASK_NOT_FOUND')) throw error;
        end(task.id, error.code);
      }
    }),
  );
  const leave = () => {
    for (const one of leaving) if (one.status === 'fulfilled') one.value?.();
  };
  const failed = leaving.find((one) => one.status === 'rejected');
  if (failed) {
    leave();
    throw failed.reason;
  }
  return leave;
}
