import type { EncodedAudioChunk } from '@napi-rs/webcodecs';
import { CustomAudioDecoder, type EncodedPacket } from 'mediabunny';
import { PacketDecoder, type PacketDecoderConfig } from './packet-decoder.ts';

const CODECS: ReadonlySet<string> = new Set(['aac', 'mp3', 'flac', 'opus']);

/** AAC, MP3, FLAC and Opus for Mediabunny. */
export class NativeAudioDecoder extends CustomAudioDecoder {
  #decoder: PacketDecoder | undefined;

  static override supports(codec: string): boolean {
    return CODECS.has(codec);
  }

  init(): void {
    this.#decoder = new PacketDecoder(this.config as PacketDecoderConfig, this.onSample);
  }

  async decode(packet: EncodedPacket): Promise<void> {
    await this.#decoder!.decode(packet.toEncodedAudioChunk() as unknown as EncodedAudioChunk);
  }

  async flush(): Promise<void> {
    await this.#decoder!.flush();
  }

  close(): void {
    this.#decoder?.close();
  }
}
