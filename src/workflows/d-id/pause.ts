import { sleep } from '@temporalio/workflow';

/** No pause at all where there is nothing to wait for: Temporal's shortest timer may take a second. */
export async function pause(ms: number): Promise<void> {
  if (ms > 0) {
    await sleep(Math.ceil(ms));
  }
}
