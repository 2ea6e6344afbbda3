import type { SpeechNets } from '../../../media/voice/speech-nets.ts';
import { voiceActivityOf } from '../../../media/voice/voice-activity.ts';
import { voiceFeaturesOf } from '../../../media/voice/voice-features.ts';
import { type VoiceGate, voiceGateOf } from '../../../media/voice/voice-gate.ts';
import { type MouthShapes, mouthShapesOf } from './mouth-shapes.ts';

/** The properties of a recording that move a face. */
export interface VoiceAnalysis {
  shapes: MouthShapes;
  gate: VoiceGate;
}

/** The probability of speech every 10 ms, for mono at 16 kHz. */
export type VoiceActivity = (mono: Float32Array) => Promise<Float32Array>;

/** If there is another detector, our own network overrules it only if it is this many times less sure. */
const DOUBT = 4;

/**
 * @param mono at 16 kHz
 * @param detect another speech detector, in addition to our own network
 */
export async function analyseVoice(
  mono: Float32Array,
  nets: SpeechNets,
  detect?: VoiceActivity,
): Promise<VoiceAnalysis> {
  const features = voiceFeaturesOf(mono);
  const own = voiceActivityOf(mono, features, nets.voice);
  // The other detector was trained on more voices and noises, our own on more music.
  const other = await detect?.(mono);
  const activity = other?.map((value, i) => Math.min(value, DOUBT * (own[i] ?? 0))) ?? own;
  const gate = voiceGateOf(features, activity);
  return { shapes: mouthShapesOf(features, gate, nets.shapes), gate };
}
