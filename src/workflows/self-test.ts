import { proxyActivities } from '@temporalio/workflow';
import type { SelfTestActivities } from '../activities/self-test.ts';
import { QUEUES } from '../contracts/queues.ts';
import type { SelfTestName, SelfTestResult } from '../contracts/self-test.ts';

/** Whoever asks waits no longer. */
const options = {
  scheduleToCloseTimeout: '20 seconds',
  heartbeatTimeout: '5 seconds',
  retry: { maximumAttempts: 1 },
  // Before the jobs that wait: it takes a fraction of theirs.
  priority: { priorityKey: 1 },
} as const;

const detection = proxyActivities<SelfTestActivities>({ ...options, taskQueue: QUEUES.yolo });
const background = proxyActivities<SelfTestActivities>({ ...options, taskQueue: QUEUES.birefnet });

/** Proves that a model answers, on the way that jobs take. */
export async function selfTest(name: SelfTestName): Promise<SelfTestResult> {
  return name === 'person-detection' ? detection.testDetector() : background.testMatting();
}
