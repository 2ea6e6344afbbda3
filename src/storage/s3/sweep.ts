import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AbortMultipartUploadCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import type { S3Access } from './s3-access.ts';
import { toStoreError } from './s3-error.ts';

/** Uploads in parts that nobody completed, which are paid for and seen in no listing, and old files of the scratch area. */
export async function sweepObjects(
  access: S3Access,
  scratch: string,
  olderThanMs: number,
): Promise<string[]> {
  const before = Date.now() - olderThanMs;
  return [...(await sweepUploads(access, before)), ...(await sweepScratch(scratch, before))];
}

async function sweepUploads({ client, bucket }: S3Access, before: number): Promise<string[]> {
  const removed: string[] = [];
  let marker: { KeyMarker?: string; UploadIdMarker?: string } = {};
  try {
    for (;;) {
      const page = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket, ...marker }));
      for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
        if (Key && UploadId && Initiated && Initiated.getTime() < before) {
          await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }));
          removed.push(`${Key} (unfinished upload ${UploadId})`);
        }
      }
      if (!page.IsTruncated || !page.NextKeyMarker) {
        return removed;
      }
      marker = {
        KeyMarker: page.NextKeyMarker,
        ...(page.NextUploadIdMarker && { UploadIdMarker: page.NextUploadIdMarker }),
      };
    }
  } catch (error) {
    throw toStoreError(error, bucket, 'uploads in parts');
  }
}

async function sweepScratch(scratch: string, before: number): Promise<string[]> {
  const removed: string[] = [];
  for (const name of await readdir(scratch)) {
    const path = join(scratch, name);
    const stats = await lstat(path).catch(() => undefined);
    if (stats && Math.max(stats.mtimeMs, stats.ctimeMs) < before) {
      await rm(path, { recursive: true, force: true });
      removed.push(path);
    }
  }
  return removed;
}
