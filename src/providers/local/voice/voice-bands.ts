import { createResampler } from '../../../media/resampler.ts';
import { createPowerSpectrum } from './power-spectrum.ts';

const SAMPLE_RATE_HZ = 16_000;
const WINDOW = 512;
/** Features a second: one every 10 ms, centred on it. */
export const FEATURE_RATE_HZ = 100;

/** Bands that tell vowels, hisses and closures apart. */
const BANDS_HZ = {
  /** The loudness of speech. */
  speech: [150, 4000],
  /** Voicing and nasals. */
  low: [150, 450],
  /** First formant of open vowels. */
  open: [550, 1150],
  /** Between the first and second formant of spread vowels. */
  middle: [550, 1300],
  /** Second formant of spread vowels. */
  spread: [1700, 3200],
  hiss: [4000, 7600],
} as const;

export type BandName = keyof typeof BANDS_HZ;

/** Decibels of power, one number every 10 ms. */
export type VoiceBands = Record<BandName, Float32Array>;

/** What digital silence counts as. */
const SILENCE_DB = -100;

export function voiceBandsOf(voice: { sampleRateHz: number; channels: Float32Array[] }): VoiceBands {
  const samples = toMono(voice.channels, voice.sampleRateHz);
  const hop = SAMPLE_RATE_HZ / FEATURE_RATE_HZ;
  const count = Math.floor(samples.length / hop) + 1;
  const spectrumAt = createPowerSpectrum(WINDOW);
  const names = Object.keys(BANDS_HZ) as BandName[];
  const bands = Object.fromEntries(names.map((name) => [name, new Float32Array(count)])) as VoiceBands;
  for (let i = 0; i < count; i += 1) {
    const power = spectrumAt(samples, i * hop);
    for (const name of names) {
      bands[name][i] = toDb(power, BANDS_HZ[name]);
    }
  }
  return bands;
}

/** The mean of all channels at the rate that the bands are cut from. */
function toMono(channels: Float32Array[], sampleRateHz: number): Float32Array {
  const mono = new Float32Array(channels[0]?.length ?? 0);
  for (const channel of channels) {
    for (let i = 0; i < mono.length; i += 1) {
      mono[i]! += channel[i]! / channels.length;
    }
  }
  return sampleRateHz === SAMPLE_RATE_HZ ? mono : createResampler(sampleRateHz, SAMPLE_RATE_HZ).push(mono);
}

/** Of a full-scale sine in the band: about 0. */
function toDb(power: Float32Array, [fromHz, toHz]: readonly [number, number]): number {
  const first = Math.ceil((fromHz * WINDOW) / SAMPLE_RATE_HZ);
  const last = Math.floor((toHz * WINDOW) / SAMPLE_RATE_HZ);
  let sum = 0;
  for (let bin = first; bin <= last; bin += 1) {
    sum += power[bin]!;
  }
  return Math.max(SILENCE_DB, 10 * Math.log10(sum / (WINDOW / 4) ** 2 + 1e-12));
}
