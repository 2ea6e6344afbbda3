import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { FLACDecoder } from '@wasm-audio-decoders/flac';
import type { SoundBlock } from './decode-recording.ts';

/** The first packet of an Ogg stream follows 27 bytes of page header and one of segment table. */
const SIGNATURE_AT = 28;
const SIGNATURE = Buffer.from('\x7fFLAC', 'latin1');

/** Whether a file is FLAC inside of Ogg, which Mediabunny does not parse. https://xiph.org/flac/ogg_mapping.html */
export async function isOggFlac(path: string): Promise<boolean> {
  await using file = await open(path);
  const head = Buffer.alloc(SIGNATURE_AT + SIGNATURE.length);
  await file.read(head, 0, head.length, 0);
  return head.toString('latin1', 0, 4) === 'OggS' && head.subarray(SIGNATURE_AT).equals(SIGNATURE);
}

export async function* decodeOggFlac(path: string): AsyncGenerator<SoundBlock> {
  const decoder = new FLACDecoder();
  await decoder.ready;
  try {
    for await (const bytes of createReadStream(path)) {
      yield* toBlock(await decoder.decode(bytes));
    }
    yield* toBlock(await decoder.flush());
  } finally {
    decoder.free();
  }
}

function* toBlock(decoded: Awaited<ReturnType<FLACDecoder['decode']>>): Generator<SoundBlock> {
  if (decoded.errors.length > 0) {
    throw new Error(decoded.errors[0]!.message);
  }
  if (decoded.samplesDecoded > 0) {
    yield { sampleRateHz: decoded.sampleRate, channels: decoded.channelData };
  }
}
