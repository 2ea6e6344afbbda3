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
    this.#config = withCoreRate(config);
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

/** Sample rates of AAC by their index. ISO/IEC 14496-3, table 1.18. */
const AAC_RATES_HZ = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350,
];

/**
 * HE-AAC doubles the rate of the AAC in it. Containers name the doubled one, which the decoder would double again. The
 * description starts with the type in 5 bits and the index of the real rate in 4.
 */
function withCoreRate(config: PacketDecoderConfig): PacketDecoderConfig {
  const [first = 0xff, second = 0xff] = (config.description as Uint8Array | undefined) ?? [];
  const isLongType = first >> 3 === 31;
  const rateHz = AAC_RATES_HZ[((first & 7) << 1) | (second >> 7)];
  return config.codec.startsWith('mp4a.40') && rateHz && !isLongType
    ? { ...config, sampleRate: rateHz }
    : config;
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
