import { S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { isDiskFull, PipelineError, storageFull } from '../../errors.ts';
import { objectNotFound } from '../object-errors.ts';

export interface S3Settings {
  bucket: string;
  region: string;
  /** URL of the server, if it isn't Amazon's. */
  endpoint?: string | undefined;
  /** Default: the SDK's own sources, which are the environment, shared files and the role of the machine. */
  credentials?: { accessKeyId: string; secretAccessKey: string } | undefined;
  /** Put the bucket into the path instead of the host name. Most self-hosted servers need this. */
  usesPaths: boolean;
  /** Encryption at rest by the server. Default: that of the bucket. */
  encryption?: S3Encryption | undefined;
  /** See `openStore`. */
  guard?: (() => void) | undefined;
  /** Timeout without a byte in either direction. Default: 15 s. */
  idleTimeoutMs?: number;
}

/** The server encrypts with a key of its own (SSE-S3), or with a key of its key management service (SSE-KMS). */
export type S3Encryption =
  | { algorithm: 'AES256' }
  /** Without a key id, the account's own key for S3 is used. */
  | { algorithm: 'aws:kms'; keyId?: string | undefined };

export interface S3Access extends Disposable {
  client: S3Client;
  bucket: string;
  /** Parameters of each request that creates an object. */
  encryption: { ServerSideEncryption?: S3Encryption['algorithm']; SSEKMSKeyId?: string };
}

/**
 * Per request, including the first. The delay doubles from 100 ms. If the server accepts requests and sends nothing, all
 * attempts together take about a minute (the SDK starts the timeout 3 to 6 s late). That is less than the timeout of the
 * activities, two minutes, so a job waits for the store and does not fail with a timeout.
 */
const MAX_ATTEMPTS = 3;
const CONNECT_TIMEOUT_MS = 5_000;
const IDLE_TIMEOUT_MS = 15_000;
const MAX_CONNECTIONS = 64;
/** Commands that change nothing. */
const READ = /^(Get|Head|List)/;

export function openS3({
  bucket,
  region,
  endpoint,
  credentials,
  usesPaths,
  encryption,
  idleTimeoutMs = IDLE_TIMEOUT_MS,
  guard,
}: S3Settings): S3Access {
  const client = new S3Client({
    region,
    ...(endpoint && { endpoint }),
    ...(credentials && { credentials }),
    forcePathStyle: usesPaths,
    maxAttempts: MAX_ATTEMPTS,
    // We verify SHA-256 ourselves, and our error names the object.
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: idleTimeoutMs,
      httpAgent: { maxSockets: MAX_CONNECTIONS },
      httpsAgent: { maxSockets: MAX_CONNECTIONS },
    },
  });
  if (guard) {
    // Before every attempt of the SDK, because the last one may be long after the call.
    client.middlewareStack.add(
      (next, { commandName = '' }) =>
        async (request) => {
          if (!READ.test(commandName)) {
            guard();
          }
          return next(request);
        },
      { step: 'finalizeRequest', priority: 'low', name: 'guard' },
    );
  }
  return {
    client,
    bucket,
    encryption: encryption ? toParameters(encryption) : {},
    [Symbol.dispose]: () => client.destroy(),
  };
}

function toParameters(encryption: S3Encryption): S3Access['encryption'] {
  return {
    ServerSideEncryption: encryption.algorithm,
    ...(encryption.algorithm === 'aws:kms' &&
      encryption.keyId !== undefined && { SSEKMSKeyId: encryption.keyId }),
  };
}

/** Codes of network errors, after the SDK's own retries. */
const NETWORK_ERROR = /^(ECONN|ENOTFOUND|EAI_|ETIMEDOUT|EPIPE|EHOSTUNREACH|ENETUNREACH)/;

/** Servers without a key management service answer with the last one, and so do those without conditional writes. */
const CANNOT_ENCRYPT = /^(KMS\.\w+|InvalidEncryptionAlgorithmError|NotImplemented)$/;

/**
 * Translates S3 errors that callers can act on. Returns other errors unchanged. A missing bucket or refused access is an
 * outage like any other: an operator fixes it, and jobs that wait lose nothing.
 */
export function toStoreError(error: unknown, bucket: string, key: string): unknown {
  if (error instanceof PipelineError) {
    return error;
  }
  if (isDiskFull(error)) {
    return storageFull(error);
  }
  const status = statusOf(error);
  if (isNamed(error, 'NoSuchBucket')) {
    return bucketMissing(bucket, error);
  }
  if (isNamed(error, 'NoSuchKey') || status === 404) {
    return objectNotFound(key);
  }
  if (status === 507 || isNamed(error, 'QuotaExceeded')) {
    return storageFull(error);
  }
  if (status === 401 || status === 403) {
    return new PipelineError(
      'STORAGE_UNAVAILABLE',
      `Expected access to the bucket ${bucket}, but the server refused it for ${key}. Correct STORAGE_S3_ACCESS_KEY_ID, STORAGE_S3_SECRET_ACCESS_KEY or their permissions`,
      { cause: error },
    );
  }
  if (error instanceof S3ServiceException && CANNOT_ENCRYPT.test(error.name)) {
    return new PipelineError(
      'STORAGE_UNAVAILABLE',
      `The object store cannot store ${key} as it was asked to (${error.message}). Correct STORAGE_S3_ENCRYPTION or STORAGE_S3_KMS_KEY_ID, or use a server that supports conditional writes and this encryption`,
      { cause: error },
    );
  }
  return (status !== undefined && (status >= 500 || status === 429)) ||
    isNamed(error, 'SlowDown') ||
    isUnreachable(error)
    ? new PipelineError('STORAGE_UNAVAILABLE', `The object store does not respond for ${key}`, {
        cause: error,
      })
    : error;
}

/** Its disk may not be mounted: a missing object or an empty list would then be a wrong answer. */
export function bucketMissing(bucket: string, cause: unknown): PipelineError {
  return new PipelineError(
    'STORAGE_UNAVAILABLE',
    `Expected the bucket ${bucket} to exist, but it does not. Create it or correct STORAGE_S3_BUCKET`,
    { cause },
  );
}

/** The condition of a write was not met: another writer was first. */
export function isConditionFailed(error: unknown): boolean {
  const status = statusOf(error);
  return status === 412 || status === 409;
}

/** The SDK rejects a gateway's error page with an error of its parser, which has a status too. */
function statusOf(error: unknown): number | undefined {
  return (error as Partial<S3ServiceException> | undefined)?.$metadata?.httpStatusCode;
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof S3ServiceException && error.name === name;
}

function isUnreachable(error: unknown): boolean {
  const { code = '', name = '' } = (error ?? {}) as { code?: string; name?: string };
  return NETWORK_ERROR.test(code) || name === 'TimeoutError';
}
