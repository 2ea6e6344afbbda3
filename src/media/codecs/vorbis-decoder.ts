import { OggVorbisDecoder } from '@wasm-audio-decoders/ogg-vorbis';
import { codecFrames, data, header, type OggPage, vorbisSetup } from 'codec-parser';
import { AudioSample, CustomAudioDecoder, type EncodedPacket } from 'mediabunny';

/**
 * Vorbis for Mediabunny, in WebAssembly: the native decoder drops the headers that Vorbis needs. The WebAssembly
 * decoder expects pages of an Ogg file, so each packet is passed as a page with one packet.
 */
export class VorbisDecoder extends CustomAudioDecoder {
  readonly #decoder = new OggVorbisDecoder();
  #samples = 0;
  #startS: number | undefined;

  static override supports(codec: string): boolean {
    return codec === 'vorbis';
  }

  async init(): Promise<void> {
    await this.#decoder.ready;
    const { identification, setup } = splitHeaders(toBytes(this.config.description));
    const page = {
      [data]: identification,
      [codecFrames]: [{ [header]: { [vorbisSetup]: setup }, [data]: new Uint8Array() }],
    };
    await this.#decoder.decodeOggPages([page as unknown as OggPage]);
  }

  async decode(packet: EncodedPacket): Promise<void> {
    this.#startS ??= packet.timestamp;
    const page = { [data]: packet.data, [codecFrames]: [{ [data]: packet.data }] };
    const decoded = await this.#decoder.decodeOggPages([page as unknown as OggPage]);
    if (decoded.samplesDecoded === 0) {
      return;
    }
    const planes = new Float32Array(decoded.samplesDecoded * decoded.channelData.length);
    decoded.channelData.forEach((samples, channel) => {
      planes.set(samples, channel * decoded.samplesDecoded);
    });
    this.onSample(
      new AudioSample({
        data: planes,
        format: 'f32-planar',
        numberOfChannels: decoded.channelData.length,
        sampleRate: decoded.sampleRate,
        timestamp: this.#startS + this.#samples / decoded.sampleRate,
      }),
    );
    this.#samples += decoded.samplesDecoded;
  }

  flush(): void {}

  close(): void {
    this.#decoder.free();
  }
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

function toBytes(source: AudioDecoderConfig['description']): Uint8Array {
  if (!source) {
    return new Uint8Array();
  }
  return ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
}
