import { ActivityFailure, ApplicationFailure, sleep } from '@temporalio/workflow';

const FIRST_WAIT_MS = 2_000;
const LAST_WAIT_MS = 60_000;

/** Workflow code runs alone in its sandbox: this is the job's own. */
let tell: (message: string) => void = () => {};

/** @param listener hears, for a person, that the job waits for room, each time it does. */
export function onWaitForRoom(listener: (message: string) => void): void {
  tell = listener;
}

/**
 * The same activities, but a full disk is no failure: nothing of the attempt is left there, and the job tries again until
 * there is room or its deadline comes.
 */
export function withRoom<A extends object>(activities: A): A {
  return new Proxy(activities, {
    get(target, name, receiver) {
      const activity = Reflect.get(target, name, receiver) as (...args: unknown[]) => Promise<unknown>;
      return (...args: unknown[]) => untilThereIsRoom(() => activity(...args));
    },
  });
}

async function untilThereIsRoom<T>(call: () => Promise<T>): Promise<T> {
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LAST_WAIT_MS)) {
    try {
      return await call();
    } catch (error) {
      if (!isStorageFull(error)) {
        throw error;
      }
      tell('The disk is full: the job goes on when there is room');
      await sleep(waitMs, { summary: 'Until there is room on the disk' });
    }
  }
}

function isStorageFull(error: unknown): boolean {
  return (
    error instanceof ActivityFailure &&
    error.cause instanceof ApplicationFailure &&
    error.cause.type === 'STORAGE_FULL'
  );
}
