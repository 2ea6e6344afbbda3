import { type AudioData, AudioEncoder, type EncodedAudioChunk } from '@napi-rs/webcodecs';
import { type AudioSample, CustomAudioEncoder, EncodedPacket } from 'mediabunny';
import { untilDequeued } from './codec-queue.ts';

const SAMPLES_PER_PACKET = 1024;

/**
 * AAC-LC for Mediabunny. The encoder's first packet contains only its own delay, but its timestamps count it as sound:
 * at 16 kHz, the voice would lag 64 ms behind the lips. So packets are numbered from -1, which becomes an edit list in
 * the file.
 */
export class AacEncoder extends CustomAudioEncoder {
  #encoder: AudioEncoder | undefined;
  #packets = -1;

  static override supports(codec: string): boolean {
    return codec === 'aac';
  }

  init(): void {
    this.#encoder = new AudioEncoder({
      output: (chunk, meta) => this.onPacket(this.#toPacket(chunk), meta as EncodedAudioChunkMetadata),
      error: this.onError,
    });
    const { sampleRate, numberOfChannels, bitrate } = this.config;
    // Not the configured profile: below 32 kHz Mediabunny asks for HE-AAC, which this encoder lacks.
    this.#encoder.configure({ codec: 'mp4a.40.2', sampleRate, numberOfChannels, bitrate });
  }

  async encode(sample: AudioSample): Promise<void> {
    const data = sample.toAudioData() as unknown as AudioData;
    this.#encoder!.encode(data);
    data.close();
    await untilDequeued(this.#encoder!, () => this.#encoder!.encodeQueueSize);
  }

  async flush(): Promise<void> {
    await this.#encoder!.flush();
  }

  close(): void {
    this.#encoder?.close();
  }

  #toPacket(chunk: EncodedAudioChunk): EncodedPacket {
    const data = new Uint8Array(chunk.byteLength);
    chunk.copyTo(data);
    const durationS = SAMPLES_PER_PACKET / this.config.sampleRate;
    return new EncodedPacket(data, 'key', this.#packets++ * durationS, durationS);
  }
}
