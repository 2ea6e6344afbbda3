import { FEATURE_RATE_HZ } from '../../../media/voice/voice-features.ts';
import type { VoiceGate } from '../../../media/voice/voice-gate.ts';
import { percentile, smoothSeries } from '../../../series.ts';
import { smoothstep } from '../curves.ts';
import type { Pose } from './pose.ts';

const DEGREE = Math.PI / 180;
/** Amplitude, and frequencies of three sines without a common period. */
const SWAY = {
  yaw: { degrees: 1.25, hz: [0.13, 0.29, 0.53] },
  pitch: { degrees: 0.65, hz: [0.11, 0.23, 0.47] },
  roll: { degrees: 0.75, hz: [0.09, 0.21, 0.41] },
} as const;
const WEIGHTS = [1, 0.6, 0.35] as const;
const BREATH_HZ = 0.25;
const NOD = { degrees: 1.3, sigmaS: 0.12 };
const BROWS = { share: 0.45, upS: 0.1, downS: 0.28 };
const MIN_STRESS_INTERVAL_S = 0.45;
/** The motion starts slowly, because the first frame is the portrait. */
const FADE_IN_S = 0.6;

type HeadPose = Pick<Pose, 'yaw' | 'pitch' | 'roll' | 'breath' | 'brows'>;

/** The head's idle sway, breath, and nods and brows on stressed syllables. */
export function createHeadTrack(gate: VoiceGate, random: () => number): (timeS: number) => HeadPose {
  const speaking = smoothSeries(gate.open, 0.25 * FEATURE_RATE_HZ);
  const phases = Object.fromEntries(
    Object.keys(SWAY).map((axis) => [axis, WEIGHTS.map(() => 2 * Math.PI * random())]),
  ) as Record<keyof typeof SWAY, number[]>;
  const stresses = stressTimes(gate).map((time) => ({
    time,
    brows: random() < BROWS.share ? 0.5 + 0.4 * random() : 0,
  }));

  const sway = (axis: keyof typeof SWAY, timeS: number) =>
    SWAY[axis].hz.reduce<number>(
      (sum, hz, k) => sum + WEIGHTS[k]! * Math.sin(2 * Math.PI * hz * timeS + phases[axis][k]!),
      0,
    ) *
    SWAY[axis].degrees *
    DEGREE;

  return (timeS) => {
    const liveliness =
      (0.45 + 0.55 * (speaking[Math.round(timeS * FEATURE_RATE_HZ)] ?? 0)) * smoothstep(0, FADE_IN_S, timeS);
    let nod = 0;
    let brows = 0;
    for (const stress of stresses) {
      const since = timeS - stress.time;
      if (Math.abs(since) < 1) {
        nod += Math.exp(-0.5 * (since / NOD.sigmaS) ** 2);
        const raised = smoothstep(-BROWS.upS, 0, since) * (1 - smoothstep(0, BROWS.downS, since));
        brows = Math.max(brows, stress.brows * raised);
      }
    }
    return {
      yaw: sway('yaw', timeS) * liveliness,
      pitch: sway('pitch', timeS) * liveliness + nod * NOD.degrees * DEGREE,
      roll: sway('roll', timeS) * liveliness,
      breath: 0.5 - 0.5 * Math.cos(2 * Math.PI * BREATH_HZ * timeS),
      brows,
    };
  };
}

/** Times of prominent peaks of loudness, far enough apart. */
function stressTimes({ loudness, open }: VoiceGate): number[] {
  const smooth = smoothSeries(loudness, 0.08 * FEATURE_RATE_HZ);
  const minLoudness = percentile(
    smooth.filter((_, i) => open[i]! > 0.5),
    0.55,
  );
  const times: number[] = [];
  for (let i = 1; i < smooth.length - 1; i += 1) {
    const isPeak = smooth[i]! > smooth[i - 1]! && smooth[i]! >= smooth[i + 1]!;
    const time = i / FEATURE_RATE_HZ;
    if (
      isPeak &&
      smooth[i]! > minLoudness &&
      open[i]! > 0.5 &&
      time - (times.at(-1) ?? -1) >= MIN_STRESS_INTERVAL_S
    ) {
      times.push(time);
    }
  }
  return times;
}
