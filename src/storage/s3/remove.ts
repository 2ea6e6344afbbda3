import { DeleteObjectsCommand } from '@aws-sdk/client-s3';
import { PipelineError } from '../../errors.ts';
import type { S3Access } from './s3-access.ts';
import { toStoreError } from './s3-error.ts';

/** As many as S3 takes in one request. */
const AT_ONCE = 1000;

export async function removeObjects({ client, bucket }: S3Access, keys: readonly string[]): Promise<void> {
  for (let start = 0; start < keys.length; start += AT_ONCE) {
    const some = keys.slice(start, start + AT_ONCE);
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
