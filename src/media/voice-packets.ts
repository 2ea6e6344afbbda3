import type { WavReader } from './wav.ts';
import {
  AudioSample,
  AudioSampleSource,
  type EncodedPacket,
  Mp4OutputFormat,
  NullTarget,
  Output,
} from './webcodecs.ts';

/** A whole voice as AAC: 8 KB a second and channel, so that ten minutes are no burden. */
export interface VoicePackets {
  packets: EncodedPacket[];
  meta: EncodedAudioChunkMetadata;
}

const BITS_PER_CHANNEL = 64_000;
/** Frames that are read at a time. */
const BLOCK = 16_384;

export async function encodeVoice(voice: WavReader): Promise<VoicePackets> {
  const { sampleRateHz, channels, frames } = voice;
  const packets: EncodedPacket[] = [];
  let meta: EncodedAudioChunkMetadata | undefined;
  const source = new AudioSampleSource({
    codec: 'aac',
    bitrate: BITS_PER_CHANNEL * channels,
    onEncodedPacket(packet, itsMeta) {
      packets.push(packet);
      meta ??= itsMeta;
    },
  });
  const output = new Output({ format: new Mp4OutputFormat({ fastStart: false }), target: new NullTarget() });
  output.addAudioTrack(source);
  await output.start();
  for (let at = 0; at < frames; at += BLOCK) {
    const planes = await voice.read(at, BLOCK);
    using sample = new AudioSample({
      data: joinPlanes(planes),
      format: 'f32-planar',
      numberOfChannels: channels,
      sampleRate: sampleRateHz,
      timestamp: at / sampleRateHz,
    });
    await source.add(sample);
  }
  await output.finalize();
  return { packets, meta: meta! };
}

export function joinPlanes(channels: Float32Array[]): Float32Array {
  const length = channels[0]?.length ?? 0;
  const planes = new Float32Array(length * channels.length);
  channels.forEach((samples, channel) => {
    planes.set(samples, channel * length);
  });
  return planes;
}
