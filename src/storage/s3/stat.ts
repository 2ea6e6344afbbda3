import { HeadObjectCommand } from '@aws-sdk/client-s3';
import type { StoredObject } from '../../contracts/job.ts';
import { PipelineError } from '../../errors.ts';
import type { S3Access } from './s3-access.ts';
import { toStoreError } from './s3-error.ts';

export interface S3Object extends StoredObject {
  modifiedAt: Date;
  etag: string;
  /** Of the writer: whose content it is. */
  nonce: string | undefined;
}

/** Names of our own metadata, which S3 keeps in lower case. */
export const SHA256 = 'limelight-sha256';
export const NONCE = 'limelight-nonce';

/** Nothing for a missing key, and for an object that this store did not write: it has no checksum. */
export async function statObject({ client, bucket }: S3Access, key: string): Promise<S3Object | undefined> {
  try {
    const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    return toObject(key, head.ContentLength, head);
  } catch (error) {
    const known = toStoreError(error, bucket, key);
    if (known instanceof PipelineError && known.code === 'OBJECT_NOT_FOUND') {
      return undefined;
    }
    throw known;
  }
}

export function toObject(
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
