import type { WavReader } from '../audio/wav.ts';
import { readMono } from './mono-voice.ts';
import type { SmallNet } from './small-net.ts';
import { voiceActivityOf } from './voice-activity.ts';
import { FEATURE_RATE_HZ, SAMPLE_RATE_HZ, voiceFeaturesOf } from './voice-features.ts';
import { voiceGateOf } from './voice-gate.ts';

/** Seconds to listen to at a time. */
const PART_S = 2;
/** Less speech than this is chance: the shortest word lasts longer. */
const MIN_SPEECH_S = 0.25;

/** The levels where speech was heard, in decibels relative to full scale. */
export interface HeardSpeech {
  /** Of its loud parts. */
  levelDb: number;
  /** Of the pauses. */
  floorDb: number;
}

/**
 * Listens to a recording until it hears speech, which takes milliseconds for most.
 * @returns undefined if there is none: noise, hum, clicks or silence
 */
export async function hearSpeech(
  wav: WavReader,
  net: SmallNet,
  { isOpposite }: { isOpposite: boolean },
): Promise<HeardSpeech | undefined> {
  const partFrames = PART_S * wav.sampleRateHz;
  for (let from = 0; from < wav.frames; from += partFrames) {
    const mono = await readMono(wav, { from, frames: Math.min(partFrames, wav.frames - from), isOpposite });
    const features = voiceFeaturesOf(mono);
    const { open } = voiceGateOf(features, voiceActivityOf(mono, features, net));
    const speechS = open.reduce((sum, value) => sum + value, 0) / FEATURE_RATE_HZ;
    if (speechS >= Math.min(MIN_SPEECH_S, mono.length / SAMPLE_RATE_HZ / 2)) {
      return { levelDb: features.peakDb, floorDb: features.floorDb };
    }
  }
  return undefined;
}
