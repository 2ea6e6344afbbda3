import { clamp, smoothstep } from '../smoothstep.ts';
import { percentile, recentMax, smoothSeries } from './series.ts';
import { FEATURE_RATE_HZ, type VoiceBands } from './voice-bands.ts';
import type { VoiceGate } from './voice-gate.ts';

/** What the mouth does for the sound, every 10 ms; 0 to 1, `wide` from -1 (round) to 1 (spread). */
export interface MouthShapes {
  jaw: Float32Array;
  wide: Float32Array;
  /** Lips on each other: m, b, p. */
  close: Float32Array;
  /** s, sh and the like: teeth nearly together. */
  sibilant: Float32Array;
}

/** Of the whole way: talking, not shouting. */
const TALKING_JAW = 0.58;
const ms = (time: number) => (time * FEATURE_RATE_HZ) / 1000;

/** Shapes from the energies of a few bands: where the first formant lies, where the second, and dips between sounds. */
export function mouthShapesOf(bands: VoiceBands, gate: VoiceGate): MouthShapes {
  const count = bands.speech.length;
  const loud = smoothSeries(gate.loudness, ms(30));
  const openness = normalised(difference(bands.open, bands.low), gate);
  const spread = normalised(difference(bands.spread, bands.middle), gate);
  const hissing = difference(bands.hiss, bands.speech);
  const close = closures(bands, gate);
  const sibilant = Float32Array.from(
    { length: count },
    (_, i) => gate.open[i]! * smoothstep(-3, 5, hissing[i]!) * (bands.hiss[i]! > gate.floorDb ? 1 : 0),
  );
  const measure = Float32Array.from(
    { length: count },
    (_, i) => gate.loudness[i]! * (0.35 + 0.65 * clamp(openness[i]!, 0, 1.1)),
  );
  const most = Math.max(0.25, percentile(spoken(measure, gate), 0.95));
  const jaw = measure.map((value, i) => {
    const opened = clamp((value - 0.08) / most, 0, 1.25) ** 0.9;
    const held = (1 - 0.9 * close[i]!) * (1 - 0.35 * sibilant[i]!);
    return TALKING_JAW * opened * (0.45 + 0.55 * loud[i]!) * gate.open[i]! * held;
  });
  const wide = spread.map((value, i) => clamp(2 * value - 1, -1, 1) * gate.open[i]!);
  return {
    jaw: smoothSeries(jaw, ms(18)),
    wide: smoothSeries(wide, ms(30)),
    close,
    sibilant: smoothSeries(sibilant, ms(15)),
  };
}

/** Short dips between loud sounds, and nasals: the upper bands fall away while the voice goes on. */
function closures({ speech, low, middle }: VoiceBands, gate: VoiceGate): Float32Array {
  const level = smoothSeries(speech, ms(8));
  const vowel = smoothSeries(middle, ms(8));
  const around = ms(140);
  const dip = dipOf(level, around);
  const vowelDip = dipOf(vowel, around);
  return level.map((db, i) => {
    const stop = smoothstep(13, 21, dip[i]!);
    const voiced = smoothstep(gate.floorDb + 8, gate.floorDb + 16, low[i]!);
    const nasal = 0.8 * smoothstep(12, 19, vowelDip[i]!) * voiced * smoothstep(9, 4, dip[i]!);
    // At the end of an utterance the mouth closes by itself.
    return db < gate.floorDb ? stop * gate.open[i]! : Math.max(stop, nasal) * gate.open[i]!;
  });
}

/** How far a value lies below the lower of the peaks on both sides. */
function dipOf(values: Float32Array, around: number): Float32Array {
  const before = recentMax(values, around, 1);
  const after = recentMax(values, around, -1);
  return values.map((value, i) => Math.min(before[i]!, after[i]!) - value);
}

function difference(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((value, i) => value - b[i]!);
}

/** 0 at the tenth and 1 at the ninetieth percentile of what is spoken: voices and microphones differ. */
function normalised(values: Float32Array, gate: VoiceGate): Float32Array {
  const during = spoken(values, gate);
  const [low, high] = [percentile(during, 0.1), percentile(during, 0.9)];
  return values.map((value) => (value - low) / Math.max(4, high - low));
}

function spoken(values: Float32Array, gate: VoiceGate): Float32Array {
  return values.filter((_, i) => gate.open[i]! > 0.5 && gate.loudness[i]! > 0.2);
}
