import type { FoundModel } from '../../models/find-model.ts';
import { toBatchTensor } from '../image/image-tensor.ts';
import { letterbox } from '../image/letterbox.ts';
import { readOnnxMetadata } from '../runtime/onnx-metadata.ts';
import {
  type ExecutionProvider,
  type FloatTensor,
  openImageModel,
  type SessionOptions,
} from '../runtime/session.ts';
import { StepTimer } from '../runtime/step-timer.ts';
import type { ScoredBox } from './boxes.ts';
import { parseClassNames, personClassOf } from './class-names.ts';
import { readYoloPersons, type YoloKind } from './yolo-output.ts';

export interface Detection {
  /** Size of the picture. */
  widthPx: number;
  heightPx: number;
  /** Highest score first, in pixels of the picture. */
  found: ScoredBox[];
  timingsMs: Record<string, number>;
}

export interface DetectorModel {
  name: string;
  /** Width of the model's input. */
  sidePx: number;
  provider: ExecutionProvider;
  /** Whether the model accepts any number of pictures at once. */
  takesBatches: boolean;
  /** Finds people with at least that score. @param image path or encoded bytes */
  detect(image: string | Uint8Array, minScore: number): Promise<Detection>;
  /** The same for several pictures in one run; only if `takesBatches`. The timings are those of the whole batch. */
  detectTogether(images: readonly (string | Uint8Array)[], minScore: number): Promise<Detection[]>;
}

interface DetectorOptions extends SessionOptions {
  /** For models that take any size. Default: DEFAULT_SIDE_PX. */
  sidePx?: number;
}

/** The size that YOLO is trained at. */
export const DEFAULT_SIDE_PX = 640;

/** @throws PipelineError MODEL_INVALID if the model does not load or does not detect people */
export async function openDetectorModel(
  model: FoundModel,
  { sidePx = DEFAULT_SIDE_PX, ...options }: DetectorOptions,
): Promise<DetectorModel> {
  const { input, output, name } = model.contract;
  const run = await openImageModel(model, options);
  const metadata = await readOnnxMetadata(model.path);
  const personClass = personClassOf(parseClassNames(metadata.get('names')), name);
  const to = {
    widthPx: input.shape[3] ?? sidePx,
    heightPx: input.shape[2] ?? sidePx,
    fit: input.fit,
    pad: input.pad,
  };
  const known = { ...to, personClass, ...(output.maxIou !== undefined && { maxIou: output.maxIou }) };

  const detectTogether: DetectorModel['detectTogether'] = async (images, minScore) => {
    const timer = new StepTimer();
    const pictures = await Promise.all(images.map((image) => letterbox(image, to)));
    timer.done('decode');
    const rgb = pictures.map((picture) => picture.rgb);
    const tensor = toBatchTensor(rgb, to.widthPx, to.heightPx, input);
    timer.done('tensor');
    const [scores] = await run(tensor);
    timer.done('model');
    const detections = pictures.map(({ widthPx, heightPx, toPicture }, index) => {
      const own = pictures.length === 1 ? scores! : outputOf(scores!, index);
      const persons = readYoloPersons(output.kind as YoloKind, own, minScore, known);
      const found = persons.map(({ box, score }) => ({ box: toPicture(box), score }));
      return { widthPx, heightPx, found, timingsMs: timer.steps };
    });
    timer.done('boxes');
    return detections;
  };
  return {
    name,
    sidePx: to.widthPx,
    provider: options.provider ?? 'cpu',
    takesBatches: input.shape[0] === null,
    detectTogether,
    async detect(image, minScore) {
      const [detection] = await detectTogether([image], minScore);
      return detection!;
    },
  };
}

/** The part of a batch's output that belongs to one picture, in the shape of a single run. */
function outputOf({ data, dims: [pictures = 1, ...dims] }: FloatTensor, index: number): FloatTensor {
  const length = data.length / pictures;
  return { data: data.subarray(index * length, (index + 1) * length), dims: [1, ...dims] };
}
