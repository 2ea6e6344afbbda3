import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { objectExists } from '../object-errors.ts';
import type { S3Access } from './s3-access.ts';
import { isConditionFailed, toStoreError } from './s3-error.ts';
import { NONCE, SHA256, statObject } from './stat.ts';

/** Bytes whose hash is known, in memory or in a file that stays until they are stored. */
export interface KnownBody {
  source: Uint8Array | { path: string };
  bytes: number;
  sha256: string;
}

/** Larger ones go in parts: each of them can be tried again by itself. */
const SINGLE_BYTES = 16 * 1024 * 1024;
const PARTS_AT_ONCE = 4;
/** Of conditional writes that met another one (409): by then that one has ended, well or not. */
const CONFLICT_ATTEMPTS = 5;

/** One request, or one that completes the parts: until then nobody sees any of it. */
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
    ...(ifAbsent && { IfNoneMatch: '*' }),
  };
  for (let attempt = 1; ; attempt++) {
    try {
      signal?.throwIfAborted();
      await (body.bytes <= SINGLE_BYTES
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
        // The answer of an earlier attempt was lost: it is ours.
        return;
      }
      if (winner || attempt === CONFLICT_ATTEMPTS) {
        throw objectExists(key);
      }
    }
  }
}

type Target = { Bucket: string; Key: string; Metadata: Record<string, string>; IfNoneMatch?: string };

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
    partSize: SINGLE_BYTES,
    queueSize: PARTS_AT_ONCE,
  });
  const abort = () => void upload.abort();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    await upload.done();
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}
