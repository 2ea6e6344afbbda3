import { taskKeys } from '../contracts/task-keys.ts';
import { isDiskFull } from '../errors.ts';
import type { ObjectStore } from '../ports/object-store.ts';

const NO_TASK = '00000000-0000-0000-0000-000000000000';

/** Rejects with STORAGE_UNAVAILABLE if the store does not respond, or cannot be written for a reason other than its size. */
export async function assertAvailable(store: Pick<ObjectStore, 'stat' | 'scratch'>): Promise<void> {
  await store.stat(taskKeys(NO_TASK).metadata);
  try {
    await using _ = await store.scratch();
  } catch (error) {
    if (!isDiskFull(error)) {
      throw error;
    }
  }
}
