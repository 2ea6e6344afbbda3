import { pipeline, type Readable } from 'node:stream';
import {
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3';
import type { StoredObject } from '../../contracts/schemas/job.ts';
import { isFailure } from '../../errors.ts';
import type { ByteRange, ListedObject, OpenObject } from '../../ports/object-store.ts';
import { assertRange, objectNotFound } from '../object-errors.ts';
import { createVerifyingStream } from '../verifying-stream.ts';
import { bucketMissing, isConditionFailed, type S3Access, toStoreError } from './s3-access.ts';

export interface S3Object extends StoredObject {
  modifiedAt: Date;
  etag: string;
  /** Chosen by the writer, to recognize its own write. */
  nonce: string | undefined;
}

/** Our metadata. S3 stores the names in lower case. */
export const SHA256 = 'limelight-sha256';
export const NONCE = 'limelight-nonce';

/** Undefined if the key is missing or the object has no checksum because this store did not write it. */
export async function statObject(access: S3Access, key: string): Promise<S3Object | undefined> {
  const { client, bucket } = access;
  try {
    const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    return toObject(key, head.ContentLength, head);
  } catch (error) {
    const known = toStoreError(error, bucket, key);
    if (isFailure(known, 'OBJECT_NOT_FOUND')) {
      await assertBucket(access);
      return undefined;
    }
    throw known;
  }
}

/** The answer to a HEAD request is the same for a missing object and a missing bucket. */
async function assertBucket({ client, bucket }: S3Access): Promise<void> {
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucket }));
  } catch (error) {
    const known = toStoreError(error, bucket, 'a missing object');
    throw isFailure(known, 'OBJECT_NOT_FOUND') ? bucketMissing(bucket, error) : known;
  }
}

function toObject(
  key: string,
  bytes: number | undefined,
  answer: { Metadata?: Record<string, string>; LastModified?: Date; ETag?: string },
): S3Object | undefined {
  const { Metadata = {}, LastModified, ETag } = answer;
  const sha256 = Metadata[SHA256];
  return sha256 === undefined || bytes === undefined || !LastModified || !ETag
    ? undefined
    : { key, bytes, sha256, modifiedAt: LastModified, etag: ETag, nonce: Metadata[NONCE] };
}

/** A whole object is verified against its hash while it streams; a range is verified by S3 only. */
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
    // `pipeline` requires the callback; the reader of the stream gets the error.
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
      // Replaced in between: start over with the new object.
      if (!isConditionFailed(error)) {
        throw toStoreError(error, bucket, key);
      }
    }
  }
}

/** S3 lists a thousand objects per request. */
export async function* listObjects(
  { client, bucket }: S3Access,
  prefix: string,
  after: string | undefined,
): AsyncGenerator<ListedObject> {
  const pages = paginateListObjectsV2(
    { client },
    { Bucket: bucket, ...(prefix && { Prefix: prefix }), ...(after !== undefined && { StartAfter: after }) },
  );
  try {
    for await (const { Contents = [] } of pages) {
      for (const { Key, Size, LastModified } of Contents) {
        if (Key !== undefined && Size !== undefined && LastModified) {
          yield { key: Key, bytes: Size, modifiedAt: LastModified };
        }
      }
    }
  } catch (error) {
    throw toStoreError(error, bucket, prefix);
  }
}
