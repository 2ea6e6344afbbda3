import { createResampler } from '../../../media/audio/resampler.ts';
import type { WavReader } from '../../../media/audio/wav.ts';
import { SAMPLE_RATE_HZ } from './voice-features.ts';

/** Frames to read at a time. */
const BLOCK = 65_536;

/** The mean of all channels at 16 kHz. Reads piece by piece, because ten minutes of stereo take too much memory. */
export async function readMono(voice: WavReader): Promise<Float32Array> {
  const { sampleRateHz, frames } = voice;
  const resampler =
    sampleRateHz === SAMPLE_RATE_HZ ? undefined : createResampler(sampleRateHz, SAMPLE_RATE_HZ);
  const mono = new Float32Array(Math.ceil((frames * SAMPLE_RATE_HZ) / sampleRateHz) + 64);
  let length = 0;
  const add = (samples: Float32Array) => {
    const fitting = samples.subarray(0, mono.length - length);
    mono.set(fitting, length);
    length += fitting.length;
  };
  for (let at = 0; at < frames; at += BLOCK) {
    const mixed = mix(await voice.read(at, Math.min(BLOCK, frames - at)));
    add(resampler ? resampler.push(mixed) : mixed);
  }
  if (resampler) {
    add(resampler.end());
  }
  return mono.subarray(0, length);
}

function mix(channels: Float32Array[]): Float32Array {
  if (channels.length === 1) {
    return channels[0]!;
  }
  return channels[0]!.map(
    (_, i) => channels.reduce((sum, channel) => sum + channel[i]!, 0) / channels.length,
  );
}
