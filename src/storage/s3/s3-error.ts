import { S3ServiceException } from '@aws-sdk/client-s3';
import { isDiskFull, PipelineError, storageFull } from '../../errors.ts';
import { objectNotFound } from '../object-errors.ts';

/** What the network says when nobody is there, after the SDK's own attempts. */
const AWAY = /^(ECONN|ENOTFOUND|EAI_|ETIMEDOUT|EPIPE|EHOSTUNREACH|ENETUNREACH)/;

/** What callers can act on, in place of what S3 said; anything else passes as it is. */
export function toStoreError(error: unknown, bucket: string, key: string): unknown {
  if (error instanceof PipelineError) {
    return error;
  }
  if (isDiskFull(error)) {
    return storageFull(error);
  }
  const status = statusOf(error);
  if (isNamed(error, 'NoSuchBucket')) {
    return new PipelineError(
      'CONFIG_INVALID',
      `Expected the bucket ${bucket} to exist, but it does not: create it, or correct STORAGE_S3_BUCKET`,
      { cause: error },
    );
  }
  if (isNamed(error, 'NoSuchKey') || status === 404) {
    return objectNotFound(key);
  }
  if (status === 507 || isNamed(error, 'QuotaExceeded')) {
    return storageFull(error);
  }
  if (status === 401 || status === 403) {
    return new PipelineError(
      'CONFIG_INVALID',
      `Expected the bucket ${bucket} to take our key, but it refused ${key}: correct STORAGE_S3_ACCESS_KEY_ID, STORAGE_S3_SECRET_ACCESS_KEY or what they may do`,
      { cause: error },
    );
  }
  return (status !== undefined && status >= 500) || isNamed(error, 'SlowDown') || isAway(error)
    ? new PipelineError('STORAGE_UNAVAILABLE', `The object store does not answer for ${key}`, {
        cause: error,
      })
    : error;
}

/** A write whose condition did not hold: somebody else was first. */
export function isConditionFailed(error: unknown): boolean {
  const status = statusOf(error);
  return status === 412 || status === 409;
}

function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof S3ServiceException && error.name === name;
}

function isAway(error: unknown): boolean {
  const { code = '', name = '' } = (error ?? {}) as { code?: string; name?: string };
  return AWAY.test(code) || name === 'TimeoutError';
}
