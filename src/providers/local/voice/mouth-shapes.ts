import { clamp } from '../../../clamp.ts';
import { type SmallNet, sigmoid } from '../../../media/voice/small-net.ts';
import { BANDS, FEATURE_RATE_HZ, type VoiceFeatures } from '../../../media/voice/voice-features.ts';
import type { VoiceGate } from '../../../media/voice/voice-gate.ts';
import { percentile, smoothSeries } from '../../../series.ts';
import { smoothstep } from '../curves.ts';

/** Shape of the mouth every 10 ms: 0 to 1, and `wide` from -1 (round) to 1 (spread). */
export interface MouthShapes {
  jaw: Float32Array;
  wide: Float32Array;
  /** Closed lips: m, b, p. */
  close: Float32Array;
  /** The lower lip at the upper teeth: f, v. */
  lipOnTeeth: Float32Array;
  /** s, sh and the like: teeth nearly together. */
  sibilant: Float32Array;
}

/** Share of the jaw's full range: talking, not shouting. */
const TALKING_JAW = 0.58;
/** Frames around the current one that the network takes, as in its training. */
const OFFSETS = [-9, -6, -3, -1, 0, 1, 3, 6, 9];
/** In decibels. Keeps the noise of a nearly constant band from being amplified. */
const MIN_DEVIATION_DB = 3;
const MIN_LOUD_FRAMES = 20;
const ms = (time: number) => (time * FEATURE_RATE_HZ) / 1000;

/** The network's shapes, scaled to the range of this voice, because voices and microphones differ. */
export function mouthShapesOf(features: VoiceFeatures, gate: VoiceGate, net: SmallNet): MouthShapes {
  const heard = runNet(features, net);
  const loud = smoothSeries(gate.loudness, ms(30));
  const spoken = (values: Float32Array) =>
    values.filter((_, i) => gate.open[i]! > 0.5 && gate.loudness[i]! > 0.2);
  const gated = (values: Float32Array) => values.map((value, i) => value * gate.open[i]!);

  /** Scales to the voice's own maximum, which is at least `minPeak`. */
  const scaled = (values: Float32Array, minPeak: number, from: number, to: number) => {
    const peak = Math.max(minPeak, percentile(spokenOrSoft(values, gate), 0.98));
    return gated(values.map((value) => smoothstep(from, to, value / peak)));
  };
  const close = scaled(heard.close, 0.3, 0.25, 0.6);
  const lipOnTeeth = scaled(heard.lipOnTeeth, 0.35, 0.4, 0.85);
  const sibilant = smoothSeries(gated(heard.sibilant), ms(15));
  const jawPeak = Math.max(0.25, percentile(spoken(heard.jaw), 0.95));
  const jaw = heard.jaw.map((value, i) => {
    const opened = clamp((value - 0.08) / jawPeak, 0, 1.25) ** 0.9;
    const held = (1 - 0.9 * close[i]!) * (1 - 0.35 * sibilant[i]!) * (1 - 0.4 * lipOnTeeth[i]!);
    return TALKING_JAW * opened * (0.45 + 0.55 * loud[i]!) * gate.open[i]! * held;
  });
  const widest = Math.max(0.3, percentile(spoken(heard.wide.map(Math.abs)), 0.92));
  const wide = gated(heard.wide.map((value) => clamp(value / widest, -1, 1)));
  return {
    jaw: smoothSeries(jaw, ms(12)),
    wide: smoothSeries(wide, ms(25)),
    close,
    lipOnTeeth,
    sibilant,
  };
}

/** Closures are soft, so they count at any loudness. */
function spokenOrSoft(values: Float32Array, gate: VoiceGate): Float32Array {
  return values.filter((_, i) => gate.open[i]! > 0.5);
}

/** Runs the network frame by frame. Its inputs are those of `shape_inputs` in the training. */
function runNet({ count, bands, loudness, isLoud }: VoiceFeatures, net: SmallNet): MouthShapes {
  const { mean, deviation } = statistics(bands, count, isLoud);
  const width = BANDS + 1;
  const frames = new Float32Array(count * width);
  for (let frame = 0; frame < count; frame += 1) {
    for (let band = 0; band < BANDS; band += 1) {
      const value = (bands[frame * BANDS + band]! - mean[band]!) / deviation[band]!;
      frames[frame * width + band] = clamp(value, -4, 3);
    }
    frames[frame * width + BANDS] = loudness[frame]!;
  }
  const series = () => new Float32Array(count);
  const heard = { jaw: series(), wide: series(), close: series(), lipOnTeeth: series(), sibilant: series() };
  const inputs = new Float32Array(OFFSETS.length * width);
  const outputs = new Float32Array(5);
  for (let frame = 0; frame < count; frame += 1) {
    OFFSETS.forEach((offset, k) => {
      const at = clamp(frame + offset, 0, count - 1) * width;
      inputs.set(frames.subarray(at, at + width), k * width);
    });
    net(inputs, outputs);
    heard.jaw[frame] = clamp(outputs[0]!, 0, 1.2);
    heard.wide[frame] = clamp(outputs[1]!, -1.2, 1.2);
    heard.close[frame] = sigmoid(outputs[2]!);
    heard.lipOnTeeth[frame] = sigmoid(outputs[3]!);
    heard.sibilant[frame] = sigmoid(outputs[4]!);
  }
  return heard;
}

/** Mean and deviation of each band for this voice and microphone, from its loud frames. */
function statistics(bands: Float32Array, count: number, isLoud: (frame: number) => boolean) {
  const all = Array.from({ length: count }, (_, frame) => frame);
  const loud = all.filter(isLoud);
  const chosen = loud.length > MIN_LOUD_FRAMES ? loud : all;
  const mean = new Float64Array(BANDS);
  const square = new Float64Array(BANDS);
  for (const frame of chosen) {
    for (let band = 0; band < BANDS; band += 1) {
      const value = bands[frame * BANDS + band]!;
      mean[band]! += value / chosen.length;
      square[band]! += (value * value) / chosen.length;
    }
  }
  const deviation = square.map((value, band) =>
    Math.max(MIN_DEVIATION_DB, Math.sqrt(Math.max(0, value - mean[band]! ** 2))),
  );
  return { mean, deviation };
}
