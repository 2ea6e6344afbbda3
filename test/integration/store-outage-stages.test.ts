import { join } from 'node:path';
import { expect } from 'vitest';
import { needs } from '../harness/needs.ts';
import { startS3Server } from '../harness/s3-server.ts';
import { runOnSmallDisk } from '../harness/small-disk.ts';
import { startWorkerStack } from '../harness/stack/worker-stack.ts';
import { type LinkState, startTcpProxy } from '../harness/tcp-proxy.ts';
import { followJob, type OutageReport } from './store-outage/follow-job.ts';
import type { FolderOutage } from './store-outage/run-in-folder.ts';

/** Real workers over a bucket behind a proxy, whose link is in this state during an outage. */
async function runWithBucket(link: LinkState, count?: number): Promise<OutageReport> {
  await using server = await startS3Server();
  const { endpoint, bucket, credentials } = server.settings;
  await using proxy = await startTcpProxy({ port: Number(new URL(endpoint!).port) });
  await using stack = await startWorkerStack({
    STORAGE_S3_BUCKET: bucket,
    STORAGE_S3_ENDPOINT: `http://127.0.0.1:${proxy.port}`,
    STORAGE_S3_ACCESS_KEY_ID: credentials!.accessKeyId,
    STORAGE_S3_SECRET_ACCESS_KEY: credentials!.secretAccessKey,
    STORAGE_S3_USE_PATHS: 'true',
  });
  return followJob({
    apiUrl: stack.apiUrl,
    takeAway: async () => proxy.set(link),
    bringBack: async () => proxy.set('open'),
    ...(count !== undefined && { count }),
  });
}

function expectWaitedOut(report: OutageReport, stages: number) {
  expect(report.ended).toBe('COMPLETED');
  expect(new Set(report.ready)).toEqual(new Set([503]));
  expect(new Set(report.waits).size, report.waits.join(', ')).toBeGreaterThanOrEqual(stages);
}

needs('Go').it(
  'a job waits for a bucket that is cut off at one stage after the other, and ends well',
  async () => expectWaitedOut(await runWithBucket('cut'), 3),
  400_000,
);

needs('Go').it(
  'a job recognises a bucket that is silent within a minute or so, and does not time out',
  async () => {
    const report = await runWithBucket('silent', 1);

    expectWaitedOut(report, 1);
    expect(report.longestUnnoticedMs).toBeLessThan(100_000);
  },
  400_000,
);

for (const kind of ['read-only', 'not mounted'] satisfies FolderOutage[]) {
  needs('user namespaces').it(
    `a job waits for a folder that is ${kind} at one stage after the other, and ends well`,
    async () => {
      const program = join(import.meta.dirname, 'store-outage/run-in-folder.ts');
      const toArgs = (mountPoint: string) => [mountPoint, kind];
      const report = await runOnSmallDisk<OutageReport>(program, 64, { toArgs });

      expectWaitedOut(report, 3);
    },
    400_000,
  );
}
