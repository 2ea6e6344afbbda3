import { type AudioData, AudioDecoder, type EncodedAudioChunk } from '@napi-rs/webcodecs';
import { AudioSample } from 'mediabunny';
import { untilDequeued } from './codec-queue.ts';

export type PacketDecoderConfig = Parameters<AudioDecoder['configure']>[0];

/** A recording with more damaged packets than this share is refused: its voice would be full of holes. */
const MAX_DAMAGED = 0.05;
/** Packets that may be damaged in any case. An MP3 that starts in the middle refers to frames that are missing. */
const FEW_DAMAGED = 8;

/**
 * Decodes packets in the native decoder. Like every player, it skips packets that are damaged. Samples keep the format
 * they were decoded to, because `AudioData.copyTo` returns noise when it converts 32-bit integers.
 */
export class PacketDecoder {
  readonly #config: PacketDecoderConfig;
  readonly #onSample: (sample: AudioSample) => void;
  #decoder: AudioDecoder;
  #packets = 0;
  #damaged = 0;
  #isDecoded = false;

  constructor(config: PacketDecoderConfig, onSample: (sample: AudioSample) => void) {
    this.#config = config;
    this.#onSample = onSample;
    this.#decoder = this.#open();
  }

  async decode(chunk: EncodedAudioChunk): Promise<void> {
    if (this.#decoder.state !== 'configured') {
      this.#decoder = this.#open();
    }
    this.#packets += 1;
    this.#decoder.decode(chunk);
    await untilDequeued(this.#decoder, () => this.#decoder.decodeQueueSize);
  }

  /** @throws Error if nothing, or too little, could be decoded */
  async flush(): Promise<void> {
    if (this.#decoder.state === 'configured') {
      // The reason is counted by the error callback. A truncated file ends in half a packet.
      await this.#decoder.flush().catch(() => {});
    }
    const tolerated = Math.max(FEW_DAMAGED, MAX_DAMAGED * this.#packets);
    if (this.#packets > 0 && (!this.#isDecoded || this.#damaged > tolerated)) {
      throw new Error(`${this.#damaged} of ${this.#packets} packets are damaged.`);
    }
  }

  close(): void {
    if (this.#decoder.state !== 'closed') {
      this.#decoder.close();
    }
  }

  #open(): AudioDecoder {
    const decoder = new AudioDecoder({
      output: (data) => {
        this.#isDecoded = true;
        this.#onSample(toSample(data));
      },
      error: () => {
        this.#damaged += 1;
      },
    });
    decoder.configure(this.#config);
    return decoder;
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
