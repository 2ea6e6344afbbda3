import { OggVorbisDecoder } from '@wasm-audio-decoders/ogg-vorbis';
import { codecFrames, data, header, type OggPage, vorbisSetup } from 'codec-parser';

export interface VorbisDecoder extends Disposable {
  decode(packet: Uint8Array): Promise<{ sampleRateHz: number; channels: Float32Array[] }>;
}

/**
 * Vorbis in WebAssembly: the native decoder drops the headers that Vorbis needs. The WebAssembly decoder expects pages of
 * an Ogg file, so each packet is passed as a page with one packet.
 * @param description the headers of the stream
 */
export async function createVorbisDecoder(description: Uint8Array): Promise<VorbisDecoder> {
  const decoder = new OggVorbisDecoder();
  await decoder.ready;
  const { identification, setup } = splitHeaders(description);
  const page = {
    [data]: identification,
    [codecFrames]: [{ [header]: { [vorbisSetup]: setup }, [data]: new Uint8Array() }],
  };
  await decoder.decodeOggPages([page as unknown as OggPage]);
  return {
    async decode(packet) {
      const next = { [data]: packet, [codecFrames]: [{ [data]: packet }] };
      const decoded = await decoder.decodeOggPages([next as unknown as OggPage]);
      return { sampleRateHz: decoded.sampleRate, channels: decoded.channelData };
    },
    [Symbol.dispose]: () => decoder.free(),
  };
}

/**
 * Xiph lacing: the number of headers minus one, then the lengths of all but the last. A byte of 255 continues a length.
 */
function splitHeaders(description: Uint8Array): { identification: Uint8Array; setup: Uint8Array } {
  let at = 1;
  const readLength = () => {
    let length = 0;
    let byte = 255;
    while (byte === 255 && at < description.length) {
      byte = description[at++]!;
      length += byte;
    }
    return length;
  };
  const identificationLength = readLength();
  const commentLength = readLength();
  return {
    identification: description.subarray(at, at + identificationLength),
    setup: description.subarray(at + identificationLength + commentLength),
  };
}
