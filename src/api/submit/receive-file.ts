import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export interface ReceiveOptions {
  path: string;
  signal: AbortSignal;
  /** Called with the bytes so far, before they are written; throws where that is too many. */
  onBytes: (bytes: number) => void;
  headBytes: number;
  /** Called once with the first `headBytes`, or all where there are fewer; rejects where they are of a wrong kind. */
  onHead: (head: Uint8Array) => Promise<void>;
}

/** Writes a stream to a new file and hashes it on the way; never more than a few chunks of it are in memory. */
export async function receiveFile(
  source: Readable,
  { path, signal, onBytes, headBytes, onHead }: ReceiveOptions,
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  let head: Buffer | undefined = Buffer.alloc(0);

  async function* inspect(chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      onBytes(bytes);
      hash.update(chunk);
      if (head) {
        head = Buffer.concat([head, chunk.subarray(0, headBytes)]);
        if (head.length >= headBytes) {
          await onHead(head.subarray(0, headBytes));
          head = undefined;
        }
      }
      yield chunk;
    }
    if (head?.length) {
      await onHead(head);
    }
  }

  await pipeline(source, inspect, createWriteStream(path, { flags: 'wx' }), { signal });
  return { bytes, sha256: hash.digest('hex') };
}
