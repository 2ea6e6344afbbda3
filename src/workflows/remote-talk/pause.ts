import { sleep } from '@temporalio/workflow';

/**
 * Returns at once if `ms` is 0 or less: even Temporal's shortest timer may take a second.
 * @param summary shown beside the timer in Temporal's Web UI.
 */
export async function pause(ms: number, summary: string): Promise<void> {
  if (ms > 0) {
    await sleep(Math.ceil(ms), { summary });
  }
}
