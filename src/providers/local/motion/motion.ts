import type { VoiceAnalysis } from '../voice/analyse-voice.ts';
import { blinkTimes, lidsAt } from './blinks.ts';
import { createHeadTrack } from './head-track.ts';
import { mouthTrackOf } from './mouth-track.ts';
import { holdOpenMouth } from './open-mouth-policy.ts';
import { type Pose, REST } from './pose.ts';
import { seededRandom } from './seeded-random.ts';

/** Properties of a face that determine how it moves. */
export interface Manner {
  /** Whether the lips are apart in the photo. */
  mouthOpen: boolean;
  /** Whether teeth show between them. */
  grins: boolean;
  /** Share of the mouth's motion to apply: 1 from the front, less for a turned face. */
  reach: number;
}

interface MotionOptions extends Manner {
  frames: number;
  framesPerS: number;
  /** The same seed gives the same motion. */
  seed: string;
  /**
   * If true, the head does not move. Needed if the plate shows the person too: a moving head would have a double edge.
   */
  stillHead: boolean;
}

/** @returns the pose of each frame of the talk */
export function motionOf({ shapes, gate }: VoiceAnalysis, options: MotionOptions): (frame: number) => Pose {
  const { frames, framesPerS } = options;
  const track = mouthTrackOf(shapes, options);
  const mouth = options.mouthOpen ? holdOpenMouth(track, options) : track;
  const headAt = createHeadTrack(gate, seededRandom(`${options.seed}/head`));
  const blinks = blinkTimes(frames / framesPerS, seededRandom(`${options.seed}/blinks`));
  return (frame) => {
    const timeS = frame / framesPerS;
    const head = headAt(timeS);
    return {
      ...REST,
      ...mouth[frame],
      ...(options.stillHead ? { brows: head.brows } : head),
      blink: lidsAt(blinks, timeS),
    };
  };
}
