import { PipelineError } from '../../errors.ts';
import { createFaceDetector } from '../../inference/face-detector.ts';
import { createFaceLandmarker, LANDMARKS } from '../../inference/face-landmarks.ts';
import type { FoundModel } from '../../inference/find-model.ts';
import { whileCodecsRun } from '../../media/webcodecs.ts';
import type { SlotTask } from '../../slots/slot-task.ts';
import type { RenderedTalk, TalkProgress, TalkRequest } from '../video-provider.ts';
import { renderTalk } from './render-talk.ts';

/** Plain data: it travels to the slot. */
export interface RenderTaskConfig {
  faceDetection: FoundModel;
  faceLandmarks: FoundModel;
  /** Threads of one inference. */
  threads: number;
}

export interface RenderTalkInput {
  request: TalkRequest;
  videoPath: string;
}

export async function createTask({
  faceDetection,
  faceLandmarks,
  threads,
}: RenderTaskConfig): Promise<SlotTask<RenderTalkInput, RenderedTalk, TalkProgress>> {
  const detector = await createFaceDetector(faceDetection, { threads });
  const landmarker = await createFaceLandmarker(faceLandmarks, { threads });

  return {
    async selfTest() {
      const grey = {
        widthPx: 64,
        heightPx: 64,
        channels: 3 as const,
        bytes: new Uint8Array(64 * 64 * 3).fill(127),
      };
      const faces = await detector.detect(grey);
      const { points } = await landmarker.locate(grey, [0, 0, 64, 64]);
      if (faces.length > 0 || points.length !== 3 * LANDMARKS || !points.every(Number.isFinite)) {
        throw new PipelineError(
          'MODEL_INVALID',
          `Expected no face on a grey picture from ${faceDetection.contract.name} and finite points from ` +
            `${faceLandmarks.contract.name}; found ${faces.length} faces. Fetch the models again.`,
        );
      }
      return { faceDetector: faceDetection.contract.name, faceLandmarks: faceLandmarks.contract.name };
    },

    run: ({ request, videoPath }, onProgress) =>
      whileCodecsRun(renderTalk({ detector, landmarker }, request, videoPath, onProgress)),
  };
}
