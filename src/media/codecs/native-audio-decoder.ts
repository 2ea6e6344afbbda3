import { type AudioData, AudioDecoder, type EncodedAudioChunk } from '@napi-rs/webcodecs';
import { AudioSample, CustomAudioDecoder, type EncodedPacket } from 'mediabunny';
import { untilDequeued } from './codec-queue.ts';

const CODECS: ReadonlySet<string> = new Set(['aac', 'mp3', 'flac', 'opus']);

/**
 * AAC, MP3, FLAC and Opus for Mediabunny. Samples are copied in the format they were decoded to, because
 * `AudioData.copyTo` returns noise when it converts 32-bit integers. Mediabunny converts them afterwards.
 */
export class NativeAudioDecoder extends CustomAudioDecoder {
  #decoder: AudioDecoder | undefined;
  #flushing = false;
  #samples = 0;

  static override supports(codec: string): boolean {
    return CODECS.has(codec);
  }

  init(): void {
    this.#decoder = new AudioDecoder({
      output: (data) => {
        this.#samples += data.numberOfFrames;
        this.onSample(toSample(data));
      },
      error: (error) => {
        if (!this.#atItsEnd) {
          this.onError(error);
        }
      },
    });
    this.#decoder.configure(this.config as Parameters<AudioDecoder['configure']>[0]);
  }

  async decode(packet: EncodedPacket): Promise<void> {
    this.#decoder!.decode(packet.toEncodedAudioChunk() as unknown as EncodedAudioChunk);
    await untilDequeued(this.#decoder!, () => this.#decoder!.decodeQueueSize);
  }

  async flush(): Promise<void> {
    this.#flushing = true;
    try {
      await this.#decoder!.flush();
    } catch (error) {
      if (!this.#atItsEnd) {
        throw error;
      }
    }
  }

  close(): void {
    if (this.#decoder?.state !== 'closed') {
      this.#decoder?.close();
    }
  }

  /** A truncated file ends in half a packet. Like every player, accept what came before it. */
  get #atItsEnd(): boolean {
    return this.#flushing && this.#samples > 0;
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
