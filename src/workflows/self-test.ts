import { proxyActivities } from '@temporalio/workflow';
import type { SelfTestActivities } from '../activities/self-test.ts';
import { QUEUES } from '../contracts/queues.ts';
import type { SelfTestName, SelfTestResult } from '../contracts/self-test.ts';

/** The HTTP request for a self-test does not wait longer. */
const options = {
  scheduleToCloseTimeout: '20 seconds',
  heartbeatTimeout: '5 seconds',
  retry: { maximumAttempts: 1 },
  // Runs before waiting jobs, because it takes a fraction of their time.
  priority: { priorityKey: 1 },
} as const;

const detection = proxyActivities<SelfTestActivities>({ ...options, taskQueue: QUEUES.yolo });
const background = proxyActivities<SelfTestActivities>({ ...options, taskQueue: QUEUES.birefnet });

/** Proves that a model works, through the same queue as jobs. */
export async function selfTest(name: SelfTestName): Promise<SelfTestResult> {
  return name === 'person-detection' ? detection.testDetector() : background.testMatting();
}
