import { CopyObjectCommand } from '@aws-sdk/client-s3';
import type { StoredObject } from '../../contracts/job.ts';
import { objectNotFound } from '../object-errors.ts';
import type { S3Access } from './s3-access.ts';
import { isConditionFailed, toStoreError } from './s3-error.ts';
import { statObject } from './stat.ts';

/** Within the server, metadata and all. Good for up to 5 GB, which no object of a job is near. */
export async function copyObject(access: S3Access, from: string, to: string): Promise<StoredObject> {
  const { client, bucket } = access;
  for (;;) {
    const source = await statObject(access, from);
    if (!source) {
      throw objectNotFound(from);
    }
    try {
      await client.send(
        new CopyObjectCommand({
          Bucket: bucket,
          Key: to,
          CopySource: `${bucket}/${from}`,
          CopySourceIfMatch: source.etag,
        }),
      );
      return { key: to, bytes: source.bytes, sha256: source.sha256 };
    } catch (error) {
      // Replaced in between: what is there now has another hash.
      if (!isConditionFailed(error)) {
        throw toStoreError(error, bucket, from);
      }
    }
  }
}
