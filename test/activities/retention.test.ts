import { CancelledFailure } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, it } from 'vitest';
import { createRetentionActivities } from '../../src/activities/retention.ts';

it('stops between two objects if the worker drains', async () => {
  const environment = new MockActivityEnvironment();
  let scanned = 0;
  const { retainFiles } = createRetentionActivities({
    async retain({ onProgress }) {
      for (;;) {
        scanned += 1;
        if (scanned === 3) environment.cancel('WORKER_SHUTDOWN');
        onProgress({ files: scanned, bytes: scanned });
      }
    },
  });

  await expect(environment.run(retainFiles, { dryRun: false })).rejects.toThrow(CancelledFailure);
  expect(scanned).toBe(3);
});
