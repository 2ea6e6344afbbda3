import { clamp, smoothstep } from '../smoothstep.ts';
import { percentile } from './series.ts';
import { FEATURE_RATE_HZ, type VoiceBands } from './voice-bands.ts';

/** Where in the recording there is a voice. One number every 10 ms, 0 to 1. */
export interface VoiceGate {
  /** Loudness between the recording's floor and its loud speech. */
  loudness: Float32Array;
  /** 1 while speaking, with slopes at both ends. */
  open: Float32Array;
  /** Decibels of the floor and of loud speech. */
  floorDb: number;
  peakDb: number;
}

const ATTACK_S = 0.04;
const RELEASE_S = 0.1;
/** Of the span from floor to peak: speech starts above the first and ends below the second. */
const ON = 0.38;
const OFF = 0.28;
/** Nothing below it is speech, however quiet the rest. */
const SILENT_DB = -65;
/** Decibels between the quiet and the loud parts: speech has more than the second, steady noise less than the first. */
const STEADY = [7, 12] as const;

export function voiceGateOf({ speech }: VoiceBands): VoiceGate {
  const peakDb = Math.max(percentile(speech, 0.95), SILENT_DB + 10);
  const quietDb = percentile(speech, 0.08);
  const floorDb = clamp(quietDb, peakDb - 45, peakDb - 18);
  const span = peakDb - floorDb;
  const varied = smoothstep(STEADY[0], STEADY[1], peakDb - quietDb);
  const loudness = speech.map((db) => clamp((db - floorDb - 8) / (span - 8), 0, 1));

  const open = new Float32Array(speech.length);
  let speaking = false;
  let quietFor = 0;
  let level = 0;
  for (let i = 0; i < speech.length; i += 1) {
    const db = speech[i]!;
    quietFor = db < floorDb + OFF * span ? quietFor + 1 / FEATURE_RATE_HZ : 0;
    speaking = (speaking && quietFor < RELEASE_S) || db > Math.max(SILENT_DB, floorDb + ON * span);
    const slope = speaking ? 1 / (ATTACK_S * FEATURE_RATE_HZ) : -1 / (RELEASE_S * FEATURE_RATE_HZ);
    level = clamp(level + slope, 0, 1);
    open[i] = level * varied;
  }
  return { loudness, open, floorDb, peakDb };
}
