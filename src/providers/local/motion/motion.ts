import type { HeardVoice } from '../voice/hear-voice.ts';
import { blinkTimes, lidsAt } from './blinks.ts';
import { createHeadTrack } from './head-track.ts';
import { mouthTrackOf } from './mouth-track.ts';
import { holdOpenMouth } from './open-mouth-policy.ts';
import { type Pose, REST } from './pose.ts';
import { seededRandom } from './seeded-random.ts';

/** What of a face decides how it is moved. */
export interface Manner {
  /** Whether the lips are apart in the photo, and whether teeth show between them. */
  mouthOpen: boolean;
  grins: boolean;
  /** Share of the mouth's motion that the face bears: 1 from the front, less the more it is turned. */
  reach: number;
}

export interface MotionOptions extends Manner {
  frames: number;
  framesPerSecond: number;
  /** The same seed gives the same motion. */
  seed: string;
  /** The plate shows the person too: a head that moves would have a double edge. */
  stillHead: boolean;
}

/** What every frame of the talk shows. */
export function motionOf({ shapes, gate }: HeardVoice, options: MotionOptions): (frame: number) => Pose {
  const { frames, framesPerSecond } = options;
  const track = mouthTrackOf(shapes, options);
  const mouth = options.mouthOpen ? holdOpenMouth(track, options) : track;
  const headAt = createHeadTrack(gate, seededRandom(`${options.seed}/head`));
  const blinks = blinkTimes(frames / framesPerSecond, seededRandom(`${options.seed}/blinks`));
  return (frame) => {
    const timeS = frame / framesPerSecond;
    const head = headAt(timeS);
    return {
      ...REST,
      ...mouth[frame],
      ...(options.stillHead ? { brows: head.brows } : head),
      blink: lidsAt(blinks, timeS),
    };
  };
}
