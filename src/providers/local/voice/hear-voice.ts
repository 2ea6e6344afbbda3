import { type MouthShapes, mouthShapesOf } from './mouth-shapes.ts';
import type { SpeechNets } from './speech-nets.ts';
import { voiceActivityOf } from './voice-activity.ts';
import { voiceFeaturesOf } from './voice-features.ts';
import { type VoiceGate, voiceGateOf } from './voice-gate.ts';

/** What of a recording moves a face. */
export interface HeardVoice {
  shapes: MouthShapes;
  gate: VoiceGate;
}

/** The probability of speech every 10 ms, for mono at 16 kHz. */
export type VoiceActivity = (mono: Float32Array) => Promise<Float32Array>;

/** Where there is another judge of voices, our own network only objects when it is this many times less sure. */
const DOUBT = 4;

/** @param detect another judge of whether somebody speaks, beside our own network */
export async function hearVoice(
  mono: Float32Array,
  nets: SpeechNets,
  detect?: VoiceActivity,
): Promise<HeardVoice> {
  const features = voiceFeaturesOf(mono);
  const own = voiceActivityOf(mono, features, nets.voice);
  // The other judge knows more voices and noises; our own was shown more music.
  const other = await detect?.(mono);
  const activity = other?.map((value, i) => Math.min(value, DOUBT * (own[i] ?? 0))) ?? own;
  const gate = voiceGateOf(features, activity);
  return { shapes: mouthShapesOf(features, gate, nets.shapes), gate };
}
