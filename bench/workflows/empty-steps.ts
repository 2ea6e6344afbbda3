import { proxyActivities } from '@temporalio/workflow';

const { step } = proxyActivities<{ step(): Promise<void> }>({ startToCloseTimeout: '1 minute' });

/** As many sequential activities as `generateVideo` has, all empty: Temporal's own share. */
export async function emptySteps(count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    await step();
  }
}
