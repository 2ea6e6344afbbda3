import { addAbortSignal, type Readable } from 'node:stream';
import type { ReceivedFile, ScratchFolder } from '../../ports/object-store.ts';

export interface ReceiveOptions {
  folder: ScratchFolder;
  /** Of the file; it must not be there. */
  name: string;
  signal: AbortSignal;
  /** Called with the bytes so far, before they are written; throws where that is too many. */
  onBytes: (bytes: number) => void;
  headBytes: number;
  /** Called once with the first `headBytes`, or all where there are fewer; rejects where they are of a wrong kind. */
  onHead: (head: Uint8Array) => Promise<void>;
}

/** A stream into a new file, looked at on the way. A failure destroys the stream. */
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

  // First, as it hears too of a source that fails before it is read.
  addAbortSignal(signal, source);
  try {
    return await folder.receive(name, inspect(source));
  } catch (error) {
    source.destroy();
    throw error;
  }
}
