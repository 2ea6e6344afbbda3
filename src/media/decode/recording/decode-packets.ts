import type { EncodedAudioChunk } from '@napi-rs/webcodecs';
import { PacketDecoder, type PacketDecoderConfig } from '../../codecs/packet-decoder.ts';
import type { AudioSample } from '../../codecs/webcodecs.ts';
import type { SoundBlock } from './sound-block.ts';

/** Whether the native decoder takes the packets of a codec, by its name in WebCodecs. */
export function isNative(codec: string): boolean {
  return /^(mp4a|mp3|flac|opus|ac-3)/.test(codec);
}

export async function* decodePackets(
  config: PacketDecoderConfig,
  packets: AsyncIterable<EncodedAudioChunk>,
): AsyncGenerator<SoundBlock> {
  const decoded: AudioSample[] = [];
  const decoder = new PacketDecoder(config, (sample) => decoded.push(sample));
  const take = () =>
    decoded.splice(0).map((sample) => {
      using used = sample;
      return toBlock(used);
    });
  try {
    for await (const packet of packets) {
      await decoder.decode(packet);
      yield* take();
    }
    await decoder.flush();
    yield* take();
  } finally {
    decoder.close();
  }
}

export function toBlock(sample: AudioSample): SoundBlock {
  const channels = Array.from({ length: sample.numberOfChannels }, (_, planeIndex) => {
    const samples = new Float32Array(sample.numberOfFrames);
    sample.copyTo(samples, { planeIndex, format: 'f32-planar' });
    return samples;
  });
  return { sampleRateHz: sample.sampleRate, channels };
}
