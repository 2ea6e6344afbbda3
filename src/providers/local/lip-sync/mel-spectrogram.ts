import { clamp } from '../../../clamp.ts';
import { MEL_BANDS, MEL_STEPS } from '../../../inference/speech/lip-sync-model.ts';
import { SAMPLE_RATE_HZ } from '../../../media/voice/voice-features.ts';

/** As in the training of Wav2Lip: Librosa's defaults over windows of 50 ms, 80 per second. */
const WINDOW = 800;
const HOP = 200;
const BANDS_HZ = [55, 7600] as const;
const PREEMPHASIS = 0.97;
const REFERENCE_DB = 20;
const MIN_DB = -100;
const MAX_LEVEL = 4;

/** Mel spectrogram of a voice, -4 to 4, from which each frame takes 16 steps. */
interface MelSpectrogram {
  steps: number;
  /** Copies the steps of a frame to `out`, band by band. */
  copyAround(frame: number, framesPerS: number, out: Float32Array, at: number): void;
}

export function melSpectrogramOf(mono: Float32Array): MelSpectrogram {
  const emphasised = mono.map((value, i) => value - PREEMPHASIS * (mono[i - 1] ?? 0));
  const steps = Math.floor(mono.length / HOP) + 1;
  const filters = slaneyFilters();
  const window = Float32Array.from(
    { length: WINDOW },
    (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / WINDOW),
  );
  const magnitudeAt = createMagnitudes();
  const windowed = new Float32Array(WINDOW);
  const bands = new Float32Array(steps * MEL_BANDS);
  for (let step = 0; step < steps; step += 1) {
    for (let i = 0; i < WINDOW; i += 1) {
      windowed[i] = (emphasised[step * HOP + i - WINDOW / 2] ?? 0) * window[i]!;
    }
    const magnitudes = magnitudeAt(windowed);
    for (let band = 0; band < MEL_BANDS; band += 1) {
      const { from, weights } = filters[band]!;
      const sum = weights.reduce((total, weight, k) => total + weight * magnitudes[from + k]!, 0);
      const db = 20 * Math.log10(Math.max(10 ** (MIN_DB / 20), sum)) - REFERENCE_DB;
      const scaled = (2 * MAX_LEVEL * (db - MIN_DB)) / -MIN_DB - MAX_LEVEL;
      bands[step * MEL_BANDS + band] = clamp(scaled, -MAX_LEVEL, MAX_LEVEL);
    }
  }
  return {
    steps,
    copyAround(frame, framesPerS, out, at) {
      const first = Math.min(
        Math.floor((frame * (SAMPLE_RATE_HZ / HOP)) / framesPerS),
        Math.max(0, steps - MEL_STEPS),
      );
      for (let band = 0; band < MEL_BANDS; band += 1) {
        for (let step = 0; step < MEL_STEPS; step += 1) {
          const from = Math.min(first + step, steps - 1);
          out[at + band * MEL_STEPS + step] = bands[from * MEL_BANDS + band]!;
        }
      }
    },
  };
}

/** Magnitudes of 800 samples at their 401 frequencies, by the factors 800 = 25 x 32 (Cooley and Tukey 1965). */
function createMagnitudes(): (samples: Float32Array) => Float32Array {
  const cos = Float32Array.from({ length: WINDOW }, (_, i) => Math.cos((2 * Math.PI * i) / WINDOW));
  const sin = Float32Array.from({ length: WINDOW }, (_, i) => Math.sin((2 * Math.PI * i) / WINDOW));
  const [rows, columns] = [25, 32];
  const re = new Float32Array(WINDOW);
  const im = new Float32Array(WINDOW);
  const magnitudes = new Float32Array(WINDOW / 2 + 1);
  return (samples) => {
    // X[k1 + 25 k2] = sum over n2 of (sum over n1 of x[32 n1 + n2] w25^(n1 k1)) w800^(n2 k1) w32^(n2 k2)
    for (let n2 = 0; n2 < columns; n2 += 1) {
      for (let k1 = 0; k1 < rows; k1 += 1) {
        let [sumRe, sumIm] = [0, 0];
        for (let n1 = 0; n1 < rows; n1 += 1) {
          const turn = (n1 * k1 * columns) % WINDOW;
          sumRe += samples[columns * n1 + n2]! * cos[turn]!;
          sumIm -= samples[columns * n1 + n2]! * sin[turn]!;
        }
        const twiddle = (n2 * k1) % WINDOW;
        re[k1 * columns + n2] = sumRe * cos[twiddle]! + sumIm * sin[twiddle]!;
        im[k1 * columns + n2] = sumIm * cos[twiddle]! - sumRe * sin[twiddle]!;
      }
    }
    for (let k = 0; k <= WINDOW / 2; k += 1) {
      const [k1, k2] = [k % rows, Math.floor(k / rows)];
      let [sumRe, sumIm] = [0, 0];
      for (let n2 = 0; n2 < columns; n2 += 1) {
        const turn = (n2 * k2 * rows) % WINDOW;
        const at = k1 * columns + n2;
        sumRe += re[at]! * cos[turn]! + im[at]! * sin[turn]!;
        sumIm += im[at]! * cos[turn]! - re[at]! * sin[turn]!;
      }
      magnitudes[k] = Math.hypot(sumRe, sumIm);
    }
    return magnitudes;
  };
}

/** Triangles of equal area on Slaney's mel scale: linear below 1 kHz, logarithmic above. */
function slaneyFilters(): Array<{ from: number; weights: Float32Array }> {
  const step = Math.log(6.4) / 27;
  const toMel = (hz: number) => (hz < 1000 ? (3 * hz) / 200 : 15 + Math.log(hz / 1000) / step);
  const toHz = (mel: number) => (mel < 15 ? (200 * mel) / 3 : 1000 * Math.exp(step * (mel - 15)));
  const [low, high] = BANDS_HZ.map(toMel) as [number, number];
  const edges = Array.from({ length: MEL_BANDS + 2 }, (_, i) =>
    toHz(low + ((high - low) * i) / (MEL_BANDS + 1)),
  );
  const binHz = SAMPLE_RATE_HZ / WINDOW;
  return Array.from({ length: MEL_BANDS }, (_, band) => {
    const [from, middle, to] = [edges[band]!, edges[band + 1]!, edges[band + 2]!];
    const first = Math.ceil(from / binHz);
    const last = Math.floor(to / binHz);
    return {
      from: first,
      weights: Float32Array.from({ length: Math.max(0, last - first + 1) }, (_, k) => {
        const hz = (first + k) * binHz;
        const height = Math.min((hz - from) / (middle - from), (to - hz) / (to - middle));
        return (2 / (to - from)) * Math.max(0, height);
      }),
    };
  });
}
