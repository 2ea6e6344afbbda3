import { createResampler } from '../audio/resampler.ts';
import type { WavReader } from '../audio/wav.ts';
import {
  AudioSample,
  AudioSampleSource,
  type EncodedPacket,
  MkvOutputFormat,
  NullTarget,
  Output,
} from '../codecs/webcodecs.ts';

/** A whole voice as AAC or Opus: 8 KB per second and channel, so ten minutes fit in memory. */
export interface VoicePackets {
  packets: EncodedPacket[];
  meta: EncodedAudioChunkMetadata;
}

const BITS_PER_CHANNEL = 64_000;
/** Frames to read at a time. */
const BLOCK = 16_384;

/** Opus supports few rates, and others convert best to this one. AAC keeps the voice's own rate. */
const OPUS_RATE_HZ = 48_000;

export async function encodeVoice(voice: WavReader, codec: 'aac' | 'opus'): Promise<VoicePackets> {
  const { channels, frames } = voice;
  const sampleRateHz = codec === 'opus' ? OPUS_RATE_HZ : voice.sampleRateHz;
  const resamplers = Array.from({ length: channels }, () =>
    sampleRateHz === voice.sampleRateHz ? undefined : createResampler(voice.sampleRateHz, sampleRateHz),
  );
  const packets: EncodedPacket[] = [];
  let meta: EncodedAudioChunkMetadata | undefined;
  const source = new AudioSampleSource({
    codec,
    bitrate: BITS_PER_CHANNEL * channels,
    onEncodedPacket(packet, itsMeta) {
      packets.push(packet);
      meta ??= itsMeta;
    },
  });
  const output = new Output({ format: new MkvOutputFormat(), target: new NullTarget() });
  output.addAudioTrack(source);
  await output.start();
  let added = 0;
  async function add(planes: Float32Array[]): Promise<void> {
    const length = planes[0]?.length ?? 0;
    if (length > 0) {
      using sample = new AudioSample({
        data: joinPlanes(planes),
        format: 'f32-planar',
        numberOfChannels: channels,
        sampleRate: sampleRateHz,
        timestamp: added / sampleRateHz,
      });
      await source.add(sample);
      added += length;
    }
  }
  for (let at = 0; at < frames; at += BLOCK) {
    const planes = await voice.read(at, BLOCK);
    await add(planes.map((samples, channel) => resamplers[channel]?.push(samples) ?? samples));
  }
  await add(resamplers.map((resampler) => resampler?.end() ?? new Float32Array()));
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
