import { type FileHandle, open } from 'node:fs/promises';

/** Field numbers of ONNX's protocol buffers. */
const METADATA_PROPS = 14;
const KEY = 1;
const VALUE = 2;
/** Wire types of protocol buffers. */
const WIRE = { varint: 0, bits64: 1, bytes: 2, bits32: 5 };
/** A tag and a length, each at most ten bytes. */
const HEAD_BYTES = 20;

/**
 * Reads the metadata that the exporter wrote beside the graph, such as class names, which ONNX Runtime for Node does
 * not expose. Reads only the headers of other fields, so gigabytes of weights cost nothing. Stops silently at damaged
 * data.
 */
export async function readOnnxMetadata(path: string): Promise<Map<string, string>> {
  await using file = await open(path);
  const { size } = await file.stat();
  const metadata = new Map<string, string>();
  for (let at = 0; at < size; ) {
    const head = fieldAt(await bytesAt(file, at, HEAD_BYTES), 0);
    if (!head || at + head.end > size) {
      break;
    }
    if (head.field === METADATA_PROPS && head.wire === WIRE.bytes) {
      const entry = await bytesAt(file, at + head.start, head.end - head.start);
      const texts = textsOf(entry);
      metadata.set(texts.get(KEY) ?? '', texts.get(VALUE) ?? '');
    }
    at += head.end;
  }
  return metadata;
}

async function bytesAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}

function textsOf(message: Buffer): Map<number, string> {
  const texts = new Map<number, string>();
  for (let at = 0; at < message.length; ) {
    const head = fieldAt(message, at);
    if (!head) {
      break;
    }
    texts.set(head.field, message.toString('utf8', head.start, head.end));
    at = head.end;
  }
  return texts;
}

/** Field number, wire type, and start and end of the contents. */
function fieldAt(bytes: Buffer, at: number) {
  const tag = varintAt(bytes, at);
  const [field, wire] = tag ? [Math.floor(tag.value / 8), tag.value % 8] : [0, -1];
  const length = tag && wire === WIRE.bytes ? varintAt(bytes, tag.end) : undefined;
  if (tag && length) {
    return { field, wire, start: length.end, end: length.end + length.value };
  }
  const end =
    wire === WIRE.bits64
      ? tag!.end + 8
      : wire === WIRE.bits32
        ? tag!.end + 4
        : tag && wire === WIRE.varint
          ? varintAt(bytes, tag.end)?.end
          : undefined;
  return end === undefined ? undefined : { field, wire, start: tag!.end, end };
}

/** Seven bits per byte, lowest first; the top bit means that more follow. */
function varintAt(bytes: Buffer, at: number): { value: number; end: number } | undefined {
  let value = 0;
  for (let index = 0; index < HEAD_BYTES / 2 && at + index < bytes.length; index += 1) {
    const byte = bytes[at + index]!;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) {
      return { value, end: at + index + 1 };
    }
  }
}
