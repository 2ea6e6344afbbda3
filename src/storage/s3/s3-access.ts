import { S3Client } from '@aws-sdk/client-s3';

export interface S3Settings {
  bucket: string;
  region: string;
  /** Of a server that is not Amazon's. */
  endpoint?: string | undefined;
  /** Without them the SDK looks where it always does: environment, shared files, the role of the machine. */
  credentials?: { accessKeyId: string; secretAccessKey: string } | undefined;
  /** The bucket in the path instead of in the host name, as most servers of one's own have it. */
  usesPaths: boolean;
}

export interface S3Access extends Disposable {
  client: S3Client;
  bucket: string;
}

/** Of one request, the first included; waits between them double, from 100 ms. */
const ATTEMPTS = 5;
const CONNECT_TIMEOUT_MS = 5_000;
/** Without a byte. */
const SILENCE_TIMEOUT_MS = 30_000;
const CONNECTIONS = 64;

export function openS3({ bucket, region, endpoint, credentials, usesPaths }: S3Settings): S3Access {
  const client = new S3Client({
    region,
    ...(endpoint && { endpoint }),
    ...(credentials && { credentials }),
    forcePathStyle: usesPaths,
    maxAttempts: ATTEMPTS,
    // Ours is by SHA-256, and says which object it is.
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: SILENCE_TIMEOUT_MS,
      httpAgent: { maxSockets: CONNECTIONS },
      httpsAgent: { maxSockets: CONNECTIONS },
    },
  });
  return { client, bucket, [Symbol.dispose]: () => client.destroy() };
}
