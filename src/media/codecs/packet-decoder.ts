import { type AudioData, AudioDecoder, type EncodedAudioChunk } from '@napi-rs/webcodecs';
import { AudioSample } from 'mediabunny';
import { untilDequeued } from './codec-queue.ts';

export type PacketDecoderConfig = Parameters<AudioDecoder['configure']>[0];

/** A recording with more gaps than this share of its packets is refused: its voice would be full of holes. */
const MAX_GAPS = 0.05;
/** Gaps that are tolerated in any case. An MP3 that starts in the middle refers to frames that are missing. */
const FEW_GAPS = 8;
/** After this many failures before the first sound, the rest is not tried. */
const MAX_FAILURES_AT_START = 1000;
/** Packets that are kept until they are decoded. A busy machine sends fewer before it notices a failure. */
const MAX_PENDING = 256;

/**
 * Decodes packets in the native decoder. Like every player, it skips packets that are damaged. Samples keep the format
 * they were decoded to, because `AudioData.copyTo` returns noise when it converts 32-bit integers.
 */
export class PacketDecoder {
  readonly #config: PacketDecoderConfig;
  readonly #onSample: (sample: AudioSample) => void;
  #decoder: AudioDecoder;
  /** Sent, and not decoded yet. Reading a time from a chunk calls native code, so it is kept beside it. */
  #pending: Array<{ chunk: EncodedAudioChunk; timestamp: number }> = [];
  #packets = 0;
  #gaps = 0;
  #failures = 0;
  #isInGap = false;
  #isDecoded = false;

  constructor(config: PacketDecoderConfig, onSample: (sample: AudioSample) => void) {
    this.#config = withCoreRate(config);
    this.#onSample = onSample;
    this.#decoder = this.#open();
  }

  /** @throws Error if nothing could be decoded so far */
  async decode(chunk: EncodedAudioChunk): Promise<void> {
    this.#packets += 1;
    this.#send(chunk);
    await untilDequeued(this.#decoder, () => this.#decoder.decodeQueueSize);
    this.#resumeAfterFailure();
  }

  /** @throws Error if nothing, or too little, could be decoded */
  async flush(): Promise<void> {
    do {
      this.#resumeAfterFailure();
      // The reason is counted by the error callback. A truncated file ends in half a packet.
      await this.#decoder.flush().catch(() => {});
    } while (this.#decoder.state !== 'configured' && this.#pending.length > 1);
    const tolerated = Math.max(FEW_GAPS, MAX_GAPS * this.#packets);
    if (this.#packets > 0 && (!this.#isDecoded || this.#gaps > tolerated)) {
      throw this.#tooDamaged();
    }
  }

  close(): void {
    if (this.#decoder.state !== 'closed') {
      this.#decoder.close();
    }
  }

  /**
   * A damaged packet closes the decoder, which drops what was sent after it. How much that is depends on how late the failure
   * is seen, so it is sent again.
   */
  #resumeAfterFailure(): void {
    while (this.#decoder.state !== 'configured') {
      if (!this.#isDecoded && this.#failures > MAX_FAILURES_AT_START) {
        throw this.#tooDamaged();
      }
      const [, ...dropped] = this.#pending;
      this.#pending = [];
      this.#decoder = this.#open();
      for (const { chunk } of dropped) {
        this.#send(chunk);
      }
    }
  }

  #send(chunk: EncodedAudioChunk): void {
    this.#pending.push({ chunk, timestamp: chunk.timestamp });
    if (this.#pending.length > MAX_PENDING) {
      this.#pending.shift();
    }
    try {
      this.#decoder.decode(chunk);
    } catch (error) {
      // It failed since its state was checked.
      if (this.#decoder.state === 'configured') {
        throw error;
      }
    }
  }

  #tooDamaged(): Error {
    return new Error(`${this.#packets} packets have ${this.#gaps} damaged parts.`);
  }

  #open(): AudioDecoder {
    const decoder = new AudioDecoder({
      output: (data) => {
        this.#isDecoded = true;
        this.#isInGap = false;
        const decodedUntil = data.timestamp;
        this.#pending = this.#pending.filter(({ timestamp }) => timestamp > decodedUntil);
        this.#onSample(toSample(data));
      },
      error: () => {
        this.#failures += 1;
        // A picture in a tag looks like many damaged packets in a row.
        this.#gaps += this.#isInGap ? 0 : 1;
        this.#isInGap = true;
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
