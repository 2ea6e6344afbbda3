import { createResampler } from '../audio/resampler.ts';
import type { WavReader } from '../audio/wav.ts';
import { SAMPLE_RATE_HZ } from './voice-features.ts';

/** Frames to read at a time. */
const BLOCK = 65_536;

/**
 * The mean of all channels at 16 kHz. Reads piece by piece, because ten minutes of stereo take too much memory.
 * @param part default: all of it. `isOpposite`: the second channel is inverted and would cancel the first
 */
export async function readMono(
  voice: WavReader,
  { from = 0, frames = voice.frames, isOpposite = false } = {},
): Promise<Float32Array> {
  const { sampleRateHz } = voice;
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
    const mixed = mix(await voice.read(from + at, Math.min(BLOCK, frames - at)), isOpposite ? -1 : 1);
    add(resampler ? resampler.push(mixed) : mixed);
  }
  if (resampler) {
    add(resampler.end());
  }
  return mono.subarray(0, length);
}

function mix([first, second]: Float32Array[], sign: 1 | -1): Float32Array {
  return second ? first!.map((sample, i) => (sample + sign * second[i]!) / 2) : first!;
}
