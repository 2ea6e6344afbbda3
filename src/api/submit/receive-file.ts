import { addAbortSignal, type Readable } from 'node:stream';
import type { ReceivedFile, ScratchFolder } from '../../ports/object-store.ts';

export interface ReceiveOptions {
  folder: ScratchFolder;
  /** Name of the file, which must not exist. */
  name: string;
  signal: AbortSignal;
  /** Called with the bytes so far, before they are written. Throws if there are too many. */
  onBytes: (bytes: number) => void;
  headBytes: number;
  /** Called once with the first `headBytes`, or with all if there are fewer. Throws if they are of a wrong kind. */
  onHead: (head: Uint8Array) => void;
}

/** Writes a stream into a new file and checks it on the way. A failure destroys the stream. */
export async function receiveFile(
  source: Readable,
  { folder, name, signal, onBytes, headBytes, onHead }: ReceiveOptions,
): Promise<ReceivedFile> {
  let bytes = 0;
  let head: Buffer | undefined = Buffer.alloc(0);

  async function* inspect(chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      onBytes(bytes);
      if (head) {
        head = Buffer.concat([head, chunk.subarray(0, headBytes)]);
        if (head.length >= headBytes) {
          onHead(head.subarray(0, headBytes));
          head = undefined;
        }
      }
      yield chunk;
    }
    if (head?.length) {
      onHead(head);
    }
  }

  // First, because it also catches a source that fails before it is read.
  addAbortSignal(signal, source);
  try {
    return await folder.receive(name, inspect(source));
  } catch (error) {
    source.destroy();
    throw error;
  }
}
