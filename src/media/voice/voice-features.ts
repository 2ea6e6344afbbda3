import { clamp } from '../../clamp.ts';
import { percentile } from '../../series.ts';
import { createPowerSpectrum } from './power-spectrum.ts';

/** Sample rate in this folder. */
export const SAMPLE_RATE_HZ = 16_000;
/** Features per second: one every 10 ms, centred on it. */
export const FEATURE_RATE_HZ = 100;
export const HOP = SAMPLE_RATE_HZ / FEATURE_RATE_HZ;
export const BANDS = 24;

const WINDOW = 512;
const BANDS_HZ = [80, 7600] as const;
/** Band in which the loudness of speech is measured. */
const SPEECH_HZ = [150, 4000] as const;
/** Level of digital silence. */
const SILENCE_DB = -100;
/** Minimum peak: nothing softer is speech. */
const MIN_PEAK_DB = -55;
/** Frames above this share of the range from floor to peak represent the voice. */
const LOUD = 0.35;

/** One number every 10 ms, except `bands`. The networks were trained on the same: `models/train/speech/features.py`. */
export interface VoiceFeatures {
  count: number;
  /** Decibels of power in 24 mel bands, frame by frame. */
  bands: Float32Array;
  /** Level of the speech band in decibels, and relative to the recording's floor (0) and its loud speech (1). */
  levelDb: Float32Array;
  loudness: Float32Array;
  /** Whether a frame is loud enough to represent the voice. */
  isLoud: (frame: number) => boolean;
  floorDb: number;
  peakDb: number;
}

/** @param mono at 16 kHz */
export function voiceFeaturesOf(mono: Float32Array): VoiceFeatures {
  const count = Math.floor(mono.length / HOP) + 1;
  const spectrumAt = createPowerSpectrum(WINDOW);
  const filters = melFilters();
  const [first, last] = SPEECH_HZ.map((hz) => (hz * WINDOW) / SAMPLE_RATE_HZ) as [number, number];
  const bands = new Float32Array(count * BANDS);
  const levelDb = new Float32Array(count);
  for (let frame = 0; frame < count; frame += 1) {
    const power = spectrumAt(mono, frame * HOP);
    filters.forEach(({ from, weights }, band) => {
      let sum = 0;
      for (let k = 0; k < weights.length; k += 1) {
        sum += weights[k]! * power[from + k]!;
      }
      bands[frame * BANDS + band] = toDb(sum);
    });
    let sum = 0;
    for (let bin = Math.ceil(first); bin <= last; bin += 1) {
      sum += power[bin]!;
    }
    levelDb[frame] = toDb(sum);
  }
  const peakDb = Math.max(percentile(levelDb, 0.95), MIN_PEAK_DB);
  const floorDb = clamp(percentile(levelDb, 0.08), peakDb - 45, peakDb - 18);
  return {
    count,
    bands,
    levelDb,
    loudness: levelDb.map((db) => clamp((db - floorDb - 8) / (peakDb - floorDb - 8), 0, 1)),
    isLoud: (frame) => levelDb[frame]! > floorDb + LOUD * (peakDb - floorDb),
    floorDb,
    peakDb,
  };
}

/** About 0 dB for a full-scale sine. */
function toDb(power: number): number {
  return Math.max(SILENCE_DB, 10 * Math.log10(power / (WINDOW / 4) ** 2 + 1e-12));
}

/** Triangles of equal width in mels, as weights of the bins they cover. */
function melFilters(): Array<{ from: number; weights: Float32Array }> {
  const toMel = (hz: number) => 2595 * Math.log10(1 + hz / 700);
  const [low, high] = BANDS_HZ.map(toMel) as [number, number];
  const edge = (i: number) => low + ((high - low) * i) / (BANDS + 1);
  const mels = Array.from({ length: WINDOW / 2 }, (_, bin) => toMel((bin * SAMPLE_RATE_HZ) / WINDOW));
  return Array.from({ length: BANDS }, (_, band) => {
    const from = mels.findIndex((mel) => mel > edge(band));
    const to = mels.findIndex((mel) => mel >= edge(band + 2));
    const weights = Float32Array.from(mels.slice(from, to < 0 ? undefined : to), (mel) =>
      Math.max(
        0,
        Math.min(
          (mel - edge(band)) / (edge(band + 1) - edge(band)),
          (edge(band + 2) - mel) / (edge(band + 2) - edge(band + 1)),
        ),
      ),
    );
    return { from, weights };
  });
}
