import { paginateListObjectsV2 } from '@aws-sdk/client-s3';
import type { ListedObject } from '../../ports/object-store.ts';
import type { S3Access } from './s3-access.ts';
import { toStoreError } from './s3-error.ts';

/** A thousand a request, as S3 has it. */
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
