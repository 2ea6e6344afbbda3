import { clamp } from '../../../clamp.ts';
import type { MouthPose } from './mouth-track.ts';

/** Share of the photo's smile that is suppressed while speaking. */
const HOLD = 0.9;

/**
 * A mouth that is open in the photo must close to speak. From the first to the last sound its lips are mostly held
 * together, except when the jaw opens. Before and after, the photo's smile shows.
 */
export function holdOpenMouth(
  track: MouthPose[],
  options: { grins: boolean; framesPerS: number },
): MouthPose[] {
  const strength = options.grins ? 1 : 0.55;
  const held = holding(track, options.framesPerS);
  return track.map((pose, i) => {
    const hold = held[i]! * strength;
    const round = pose.thick / 0.7;
    const base = 1.06 - 0.6 * Math.min(1, pose.jaw / 0.35);
    const together = Math.max(base, 0.55 * round, 0.75 * pose.lipOnTeeth, pose.press / 0.7);
    return {
      ...pose,
      jaw: pose.jaw * (1 - 0.15 * hold),
      wide: pose.wide - 0.15 * hold,
      upperRaise: pose.upperRaise * (1 - 0.7 * hold),
      lowerDrop: pose.lowerDrop * (1 - 0.6 * hold),
      // The photo's smile has raised cheeks already.
      cheeks: pose.cheeks * (1 - 0.8 * hold),
      close: Math.min(1, Math.max(hold * together, pose.press / 0.7)),
    };
  });
}

/** HOLD from the first to the last sound, with slopes of a quarter of a second. */
function holding(track: MouthPose[], framesPerS: number): Float32Array {
  const sounds = (pose: MouthPose) => pose.jaw > 0.04 || pose.press > 0.1;
  const first = track.findIndex(sounds);
  const last = track.findLastIndex(sounds);
  const slope = 0.25 * framesPerS;
  return Float32Array.from(track, (_, i) => {
    const inside = first < 0 ? -Infinity : Math.min(i - first, last - i);
    return HOLD * clamp(1 + inside / slope, 0, 1);
  });
}
