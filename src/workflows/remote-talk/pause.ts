import { sleep } from '@temporalio/workflow';

/**
 * No pause at all where there is nothing to wait for: Temporal's shortest timer may take a second.
 * @param summary is what an operator reads beside the timer.
 */
export async function pause(ms: number, summary: string): Promise<void> {
  if (ms > 0) {
    await sleep(Math.ceil(ms), { summary });
  }
}
