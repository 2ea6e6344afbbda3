import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { CopyObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import type { StoredObject } from '../../contracts/schemas/job.ts';
import { objectExists, objectNotFound } from '../object-errors.ts';
import { NONCE, SHA256, statObject } from './read.ts';
import { isConditionFailed, type S3Access, toStoreError } from './s3-access.ts';

/** Bytes with a known hash, in memory or in a file that must exist until they are stored. */
export interface KnownBody {
  source: Uint8Array | { path: string };
  bytes: number;
  sha256: string;
}

/** Larger objects are uploaded in parts of this size, which are retried independently. */
const PART_BYTES = 16 * 1024 * 1024;
const MAX_CONCURRENT_PARTS = 4;
/** Attempts of a conditional write that conflicts with another write in progress (409). That one ends before the last. */
const MAX_CONFLICT_ATTEMPTS = 5;

/** The object becomes visible with a single request: the upload, or the completion of its parts. */
export async function putObject(
  access: S3Access,
  key: string,
  body: KnownBody,
  { ifAbsent = false, signal }: { ifAbsent?: boolean | undefined; signal?: AbortSignal | undefined },
): Promise<void> {
  const nonce = randomUUID();
  const target = {
    Bucket: access.bucket,
    Key: key,
    Metadata: { [SHA256]: body.sha256, [NONCE]: nonce },
    ...access.encryption,
    ...(ifAbsent && { IfNoneMatch: '*' }),
  };
  for (let attempt = 1; ; attempt++) {
    try {
      signal?.throwIfAborted();
      await (body.bytes <= PART_BYTES
        ? putWhole(access, target, body, signal)
        : putParts(access, target, body, signal));
      return;
    } catch (error) {
      signal?.throwIfAborted();
      if (!ifAbsent || !isConditionFailed(error)) {
        throw toStoreError(error, access.bucket, key);
      }
      const winner = await statObject(access, key);
      if (winner?.nonce === nonce) {
        // Our own write: the response to an earlier attempt was lost.
        return;
      }
      if (winner || attempt === MAX_CONFLICT_ATTEMPTS) {
        throw objectExists(key);
      }
    }
  }
}

type Target = S3Access['encryption'] & {
  Bucket: string;
  Key: string;
  Metadata: Record<string, string>;
  IfNoneMatch?: string;
};

async function putWhole(
  { client }: S3Access,
  target: Target,
  { source }: KnownBody,
  signal: AbortSignal | undefined,
): Promise<void> {
  const bytes = source instanceof Uint8Array ? source : await readFile(source.path);
  const command = new PutObjectCommand({ ...target, Body: bytes });
  await client.send(command, signal ? { abortSignal: signal } : {});
}

async function putParts(
  { client }: S3Access,
  target: Target,
  { source }: KnownBody,
  signal: AbortSignal | undefined,
): Promise<void> {
  const upload = new Upload({
    client,
    params: { ...target, Body: source instanceof Uint8Array ? source : createReadStream(source.path) },
    partSize: PART_BYTES,
    queueSize: MAX_CONCURRENT_PARTS,
  });
  const abort = () => void upload.abort();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    await upload.done();
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

/** Copies bytes and metadata within the server. S3 allows 5 GB; objects of a job are far smaller. */
export async function copyObject(access: S3Access, from: string, to: string): Promise<StoredObject> {
  const { client, bucket, encryption } = access;
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
          // Not taken from the source.
          ...encryption,
        }),
      );
      return { key: to, bytes: source.bytes, sha256: source.sha256 };
    } catch (error) {
      // Replaced in between: the new object has another hash.
      if (!isConditionFailed(error)) {
        throw toStoreError(error, bucket, from);
      }
    }
  }
}
