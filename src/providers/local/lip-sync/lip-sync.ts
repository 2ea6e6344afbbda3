import {
  FACE_SIDE,
  type LipSyncModel,
  MEL_BANDS,
  MEL_STEPS,
} from '../../../inference/speech/lip-sync-model.ts';
import type { FacePoints } from '../face/face-points.ts';
import type { FrameSize } from '../face/framing.ts';
import { createFacePatch } from './face-patch.ts';
import { melSpectrogramOf } from './mel-spectrogram.ts';

/** A network that draws the mouth for the sound, over frames in which the head already moves. */
export interface LipSync {
  /** Number of frames at a time. */
  batch: number;
  /** Draws the mouth into consecutive frames, from frame number `from` on. */
  draw(pictures: Uint32Array[], from: number): Promise<void>;
}

export function createLipSync(
  model: LipSyncModel,
  mono: Float32Array,
  { points, frame, framesPerS }: { points: FacePoints; frame: FrameSize; framesPerS: number },
): LipSync {
  const spectrogram = melSpectrogramOf(mono);
  const patch = createFacePatch(points, frame);
  const melSize = MEL_BANDS * MEL_STEPS;
  const plane = FACE_SIDE * FACE_SIDE;
  return {
    batch: model.batch,
    async draw(pictures, from) {
      const mels = new Float32Array(pictures.length * melSize);
      const faces = new Float32Array(pictures.length * 6 * plane);
      pictures.forEach((picture, i) => {
        spectrogram.copyAround(from + i, framesPerS, mels, i * melSize);
        patch.read(picture, faces, i * 6 * plane);
      });
      const spoken = await model.speak(mels, faces, pictures.length);
      pictures.forEach((picture, i) => {
        patch.paste(picture, spoken, i * 3 * plane);
      });
    },
  };
}
