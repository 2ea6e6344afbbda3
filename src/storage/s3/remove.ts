import {
  AbortMultipartUploadCommand,
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
} from '@aws-sdk/client-s3';
import { PipelineError } from '../../errors.ts';
import { removeOldIn } from '../remove-old.ts';
import { type S3Access, toStoreError } from './s3-access.ts';

/** The most that S3 accepts in one request. */
const MAX_KEYS = 1000;

export async function removeObjects({ client, bucket }: S3Access, keys: readonly string[]): Promise<void> {
  for (let start = 0; start < keys.length; start += MAX_KEYS) {
    const some = keys.slice(start, start + MAX_KEYS);
    const objects = some.map((Key) => ({ Key }));
    try {
      const { Errors = [] } = await client.send(
        new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: objects, Quiet: true } }),
      );
      const fault = Errors.find(({ Code }) => Code !== 'NoSuchKey');
      if (fault) {
        throw new PipelineError(
          'STORAGE_UNAVAILABLE',
          `The object store did not delete ${fault.Key}: ${fault.Message ?? fault.Code}`,
        );
      }
    } catch (error) {
      throw toStoreError(error, bucket, some[0] ?? '');
    }
  }
}

/** Removes incomplete uploads, which cost money but appear in no listing, and old files in the scratch area. */
export async function sweepObjects(
  access: S3Access,
  scratch: string,
  olderThanMs: number,
): Promise<string[]> {
  const before = Date.now() - olderThanMs;
  return [...(await sweepUploads(access, before)), ...(await removeOldIn(scratch, before))];
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
