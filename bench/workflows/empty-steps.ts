import { proxyActivities } from '@temporalio/workflow';

const { step } = proxyActivities<{ step(): Promise<void> }>({ startToCloseTimeout: '1 minute' });

/** As many activities in a row as `generateVideo` has, with nothing in them or around them: Temporal's own share. */
export async function emptySteps(count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    await step();
  }
}
