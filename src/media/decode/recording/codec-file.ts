import type { SoundBlock, SoundTrack } from './sound-block.ts';

/** A decoder of the `@audio` family, for a whole file in pieces. */
export interface FileDecoder {
  decode(bytes: Uint8Array): { channelData: Float32Array[]; sampleRate: number };
  flush(): { channelData: Float32Array[]; sampleRate: number };
  free(): void;
}

/** Decodes what `pieces` yields. Decoders keep what is incomplete until the next piece. */
export function decodePieces(
  open: () => FileDecoder | Promise<FileDecoder>,
  pieces: () => Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): SoundTrack {
  return async function* () {
    const decoder = await open();
    try {
      for await (const piece of pieces()) {
        yield* toBlocks(decoder.decode(piece));
      }
      yield* toBlocks(decoder.flush());
    } finally {
      decoder.free();
    }
  };
}

function* toBlocks({ channelData, sampleRate }: ReturnType<FileDecoder['decode']>): Generator<SoundBlock> {
  if (channelData[0]?.length) {
    yield { sampleRateHz: sampleRate, channels: channelData };
  }
}
