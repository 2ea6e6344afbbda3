import { clamp } from '../../clamp.ts';
import { createPowerSpectrum } from './power-spectrum.ts';
import { type SmallNet, sigmoid } from './small-net.ts';
import { BANDS, HOP, SAMPLE_RATE_HZ, type VoiceFeatures } from './voice-features.ts';

/** Frames around the current one: more than a syllable on both sides. */
const OFFSETS = [0, -45, -30, -20, -12, -6, -2, 2, 6, 12, 20, 30, 45];
const PAIRS = BANDS / 2;
const WINDOW = 1024;
const PITCH_HZ = [70, 350] as const;
/** The harmonics that determine a pitch. */
const HARMONICS_HZ = [60, 1200] as const;

/** Probability of speech every 10 ms, by our own network. Its inputs are those of `voice_inputs` in the training. */
export function voiceActivityOf(mono: Float32Array, features: VoiceFeatures, net: SmallNet): Float32Array {
  const { count, bands, peakDb } = features;
  const width = PAIRS + 1;
  const frames = new Float32Array(count * width);
  const periodicityAt = createPeriodicity(mono);
  for (let frame = 0; frame < count; frame += 1) {
    for (let pair = 0; pair < PAIRS; pair += 1) {
      const at = frame * BANDS + 2 * pair;
      const relative = ((bands[at]! + bands[at + 1]!) / 2 - peakDb + 30) / 15;
      frames[frame * width + pair] = clamp(relative, -3, 3);
    }
    frames[frame * width + PAIRS] = periodicityAt(frame);
  }
  const inputs = new Float32Array(OFFSETS.length * width);
  const output = new Float32Array(1);
  return Float32Array.from({ length: count }, (_, frame) => {
    OFFSETS.forEach((offset, k) => {
      const at = clamp(frame + offset, 0, count - 1) * width;
      inputs.set(frames.subarray(at, at + width), k * width);
    });
    net(inputs, output);
    return sigmoid(output[0]!);
  });
}

/** Periodicity of a frame, 0 to 1: the largest autocorrelation at the lags of a voice, from the power spectrum. */
function createPeriodicity(mono: Float32Array): (frame: number) => number {
  const spectrumAt = createPowerSpectrum(WINDOW);
  const [from, to] = HARMONICS_HZ.map((hz) => Math.round((hz * WINDOW) / SAMPLE_RATE_HZ)) as [number, number];
  const shortest = Math.floor(SAMPLE_RATE_HZ / PITCH_HZ[1]);
  const longest = Math.floor(SAMPLE_RATE_HZ / PITCH_HZ[0]);
  const cosines = Float32Array.from({ length: WINDOW }, (_, i) => Math.cos((2 * Math.PI * i) / WINDOW));
  return (frame) => {
    const power = spectrumAt(mono, frame * HOP);
    let total = 1e-9;
    for (let bin = from; bin < to; bin += 1) {
      total += power[bin]!;
    }
    let largest = 0;
    for (let lag = shortest; lag < longest; lag += 1) {
      let sum = 0;
      for (let bin = from; bin < to; bin += 1) {
        sum += power[bin]! * cosines[(bin * lag) & (WINDOW - 1)]!;
      }
      largest = Math.max(largest, sum);
    }
    return Math.min(1, largest / total);
  };
}
