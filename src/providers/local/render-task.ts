import { PipelineError } from '../../errors.ts';
import { LANDMARKS } from '../../inference/face/face-landmarks.ts';
import { whileCodecsRun } from '../../media/codecs/webcodecs.ts';
import type { RendererInput, RendererResult } from '../../ports/provider.ts';
import type { SlotTask } from '../../ports/slot-task.ts';
import type { TalkProgress } from '../../ports/video-provider.ts';
import { checkFaces } from './face/check-faces.ts';
import { refuseCoveredMouth } from './face/examine-face.ts';
import { type RenderOptions, renderTalk } from './render-talk.ts';
import { createTalkModels, type TalkModelPlan } from './talk-models.ts';

/** Plain data, so it can be sent to the slot. */
export type RenderTaskConfig = TalkModelPlan & RenderOptions;

export async function createTask(
  plan: RenderTaskConfig,
): Promise<SlotTask<RendererInput, RendererResult, TalkProgress>> {
  const models = await createTalkModels(plan);

  return {
    async selfTest() {
      const grey = {
        widthPx: 64,
        heightPx: 64,
        channels: 3 as const,
        bytes: new Uint8Array(64 * 64 * 3).fill(127),
      };
      const faces = await models.detector.detect(grey);
      const { points } = await models.landmarker.locate(grey, [0, 0, 64, 64]);
      const cover = await models.mouthCover.look(grey, points);
      const areNumbers = [...points, cover.score].every(Number.isFinite);
      if (faces.length > 0 || points.length !== 3 * LANDMARKS || !areNumbers) {
        throw new PipelineError(
          'MODEL_INVALID',
          `Expected ${plan.faceDetection.contract.name} to find no face in a grey picture and ` +
            `${plan.faceLandmarks.contract.name} and ${plan.mouthCover.contract.name} to return finite numbers, but found ` +
            `${faces.length} faces. Download the models again.`,
        );
      }
      return {
        faceDetector: plan.faceDetection.contract.name,
        faceLandmarks: plan.faceLandmarks.contract.name,
        mouthCover: plan.mouthCover.contract.name,
      };
    },

    async run(input, onProgress) {
      if (input.kind === 'render') {
        return whileCodecsRun(renderTalk(models, input.request, input.videoPath, plan, onProgress));
      }
      if (input.kind === 'faces') {
        return checkFaces(models, input.request);
      }
      await refuseCoveredMouth(models, input.portrait);
    },
  };
}
