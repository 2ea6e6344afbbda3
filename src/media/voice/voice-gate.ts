import { clamp } from '../../clamp.ts';
import { FEATURE_RATE_HZ, type VoiceFeatures } from './voice-features.ts';

/** Speech in the recording. One number every 10 ms, 0 to 1. */
export interface VoiceGate {
  /** Loudness between the recording's floor (0) and its loud speech (1). */
  loudness: Float32Array;
  /** 1 while speaking, with slopes at both ends. */
  open: Float32Array;
}

const ATTACK_S = 0.04;
const RELEASE_S = 0.1;
/** Speech starts above the first probability and ends below the second. */
const ON = 0.5;
const OFF = 0.3;
/** Pauses within a word are shorter. */
const HANGOVER_S = 0.12;
/** Shorter speech is a click. */
const MIN_S = 0.07;
/** As a share of the range from floor to peak. Softer is a pause. */
const MIN_LOUDNESS = 0.03;
/** Nothing softer is speech, even in a quiet recording. */
const SILENT_DB = -65;

/** Opens if speech is probable and louder than the recording's noise floor. */
export function voiceGateOf({ loudness, levelDb }: VoiceFeatures, activity: Float32Array): VoiceGate {
  const spoken = new Uint8Array(activity.length);
  let speaking = false;
  let quietFor = 0;
  for (let i = 0; i < activity.length; i += 1) {
    const audible = loudness[i]! > MIN_LOUDNESS && levelDb[i]! > SILENT_DB;
    quietFor = audible && activity[i]! > OFF ? 0 : quietFor + 1 / FEATURE_RATE_HZ;
    speaking = (speaking && quietFor < HANGOVER_S) || (audible && activity[i]! > ON);
    spoken[i] = speaking ? 1 : 0;
  }
  dropClicks(spoken);

  const open = new Float32Array(activity.length);
  let level = 0;
  for (let i = 0; i < open.length; i += 1) {
    // Lips part before the sound, so the slope ends when the sound begins.
    const ahead = spoken[Math.min(spoken.length - 1, i + Math.round(ATTACK_S * FEATURE_RATE_HZ))]!;
    const slope = spoken[i] || ahead ? 1 / (ATTACK_S * FEATURE_RATE_HZ) : -1 / (RELEASE_S * FEATURE_RATE_HZ);
    level = clamp(level + slope, 0, 1);
    open[i] = level;
  }
  return { loudness, open };
}

function dropClicks(spoken: Uint8Array): void {
  for (let start = spoken.indexOf(1); start >= 0; ) {
    const end = spoken.indexOf(0, start);
    const length = (end < 0 ? spoken.length : end) - start;
    if (length < (MIN_S + HANGOVER_S) * FEATURE_RATE_HZ) {
      spoken.fill(0, start, start + length);
    }
    start = end < 0 ? -1 : spoken.indexOf(1, end);
  }
}
