import { type AudioData, AudioDecoder, type EncodedAudioChunk } from '@napi-rs/webcodecs';
import { AudioSample, CustomAudioDecoder, type EncodedPacket } from 'mediabunny';
import { untilDequeued } from './codec-queue.ts';

const CODECS: ReadonlySet<string> = new Set(['aac', 'mp3', 'flac', 'opus']);

/**
 * AAC, MP3, FLAC and Opus for Mediabunny. Samples are copied out in the format that they were decoded to, because
 * `AudioData.copyTo` gives noise where it is asked to convert 32-bit integers; Mediabunny converts them afterwards.
 */
export class NativeAudioDecoder extends CustomAudioDecoder {
  #decoder: AudioDecoder | undefined;

  static override supports(codec: string): boolean {
    return CODECS.has(codec);
  }

  init(): void {
    this.#decoder = new AudioDecoder({
      output: (data) => this.onSample(toSample(data)),
      error: this.onError,
    });
    this.#decoder.configure(this.config as Parameters<AudioDecoder['configure']>[0]);
  }

  async decode(packet: EncodedPacket): Promise<void> {
    this.#decoder!.decode(packet.toEncodedAudioChunk() as unknown as EncodedAudioChunk);
    await untilDequeued(this.#decoder!, () => this.#decoder!.decodeQueueSize);
  }

  async flush(): Promise<void> {
    await this.#decoder!.flush();
  }

  close(): void {
    if (this.#decoder?.state !== 'closed') {
      this.#decoder?.close();
    }
  }
}

function toSample(data: AudioData): AudioSample {
  const format = data.format!;
  const planes = format.endsWith('-planar') ? data.numberOfChannels : 1;
  const planeBytes = data.allocationSize({ planeIndex: 0 });
  const bytes = new Uint8Array(planeBytes * planes);
  for (let planeIndex = 0; planeIndex < planes; planeIndex++) {
    data.copyTo(bytes.subarray(planeIndex * planeBytes, (planeIndex + 1) * planeBytes), { planeIndex });
  }
  const { numberOfChannels, sampleRate, timestamp } = data;
  data.close();
  return new AudioSample({ data: bytes, format, numberOfChannels, sampleRate, timestamp: timestamp / 1e6 });
}
