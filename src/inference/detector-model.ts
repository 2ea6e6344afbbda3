import type { ScoredBox } from './boxes.ts';
import type { FoundModel } from './find-model.ts';
import { toImageTensor } from './image-tensor.ts';
import { letterbox } from './letterbox.ts';
import { openSession, type SessionOptions } from './session.ts';
import { StepTimer } from './step-timer.ts';
import { readYoloPersons, type YoloKind } from './yolo-output.ts';

export interface Detection {
  /** Of the picture. */
  widthPx: number;
  heightPx: number;
  /** Surest first, in pixels of the picture. */
  found: ScoredBox[];
  timingsMs: Record<string, number>;
}

export interface DetectorModel {
  name: string;
  /** Width of what the model sees. */
  sidePx: number;
  /** Persons of at least the score in a picture, given by its path or as the bytes of its file. */
  detect(image: string | Uint8Array, minScore: number): Promise<Detection>;
}

export interface DetectorOptions extends SessionOptions {
  /** For models that take any size; default: what YOLO is trained at. */
  sidePx?: number;
}

const DEFAULT_SIDE_PX = 640;

/** @throws PipelineError MODEL_INVALID where the model does not load. */
export async function openDetectorModel(
  model: FoundModel,
  { sidePx = DEFAULT_SIDE_PX, ...options }: DetectorOptions,
): Promise<DetectorModel> {
  const { input, output, name } = model.contract;
  const session = await openSession(model, options);
  const to = {
    widthPx: input.shape[3] ?? sidePx,
    heightPx: input.shape[2] ?? sidePx,
    fit: input.fit,
    pad: input.pad,
  };
  return {
    name,
    sidePx: to.widthPx,
    async detect(image, minScore) {
      const timer = new StepTimer();
      const { rgb, widthPx, heightPx, toPicture } = await letterbox(image, to);
      timer.done('decode');
      const tensor = toImageTensor(rgb, to.widthPx, to.heightPx, input);
      timer.done('tensor');
      const [scores] = await session.run(tensor);
      timer.done('model');
      const found = readYoloPersons(output.kind as YoloKind, scores!, minScore, to).map(({ box, score }) => ({
        box: toPicture(box),
        score,
      }));
      timer.done('boxes');
      return { widthPx, heightPx, found, timingsMs: timer.steps };
    },
  };
}
