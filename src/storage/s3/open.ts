import { pipeline, type Readable } from 'node:stream';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import type { ByteRange, OpenObject } from '../../ports/object-store.ts';
import { assertRange, objectNotFound } from '../object-errors.ts';
import { createVerifyingStream } from '../verifying-stream.ts';
import type { S3Access } from './s3-access.ts';
import { isConditionFailed, toStoreError } from './s3-error.ts';
import { statObject, toObject } from './stat.ts';

/** The whole object is verified while it streams, a part of it is S3's to verify. */
export async function openObject(access: S3Access, key: string, range?: ByteRange): Promise<OpenObject> {
  return range ? openPart(access, key, range) : openWhole(access, key);
}

async function openWhole({ client, bucket }: S3Access, key: string): Promise<OpenObject> {
  try {
    const answer = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    const found = toObject(key, answer.ContentLength, answer);
    if (!found) {
      (answer.Body as Readable | undefined)?.destroy();
      throw objectNotFound(key);
    }
    const { etag: _, nonce: __, ...object } = found;
    // The callback is for the pipeline; whoever reads the stream gets the error from it.
    const stream = pipeline(answer.Body as Readable, createVerifyingStream(object), () => {});
    return { ...object, stream };
  } catch (error) {
    throw toStoreError(error, bucket, key);
  }
}

async function openPart(access: S3Access, key: string, range: ByteRange): Promise<OpenObject> {
  const { client, bucket } = access;
  for (;;) {
    const found = await statObject(access, key);
    if (!found) {
      throw objectNotFound(key);
    }
    assertRange(found, range);
    const { etag, nonce: _, ...object } = found;
    try {
      const answer = await client.send(
        new GetObjectCommand({
          Bucket: bucket,
          Key: key,
          Range: `bytes=${range.start}-${range.end}`,
          IfMatch: etag,
        }),
      );
      return { ...object, stream: answer.Body as Readable };
    } catch (error) {
      // Replaced in between: the range is to be one of what is there now.
      if (!isConditionFailed(error)) {
        throw toStoreError(error, bucket, key);
      }
    }
  }
}
