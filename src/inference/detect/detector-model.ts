import type { FoundModel } from '../../models/find-model.ts';
import { toBatchTensor } from '../image/image-tensor.ts';
import { letterbox } from '../image/letterbox.ts';
import { readOnnxMetadata } from '../runtime/onnx-metadata.ts';
import type { ExecutionProvider } from '../runtime/session.ts';
import { type FloatTensor, openImageModel, type SessionOptions } from '../runtime/session.ts';
import { StepTimer } from '../runtime/step-timer.ts';
import type { ScoredBox } from './boxes.ts';
import { parseClassNames, personClassOf } from './class-names.ts';
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
  provider: ExecutionProvider;
  /** Whether it takes any number of pictures at once. */
  takesBatches: boolean;
  /** Persons of at least the score in a picture, given by its path or as the bytes of its file. */
  detect(image: string | Uint8Array, minScore: number): Promise<Detection>;
  /** The same for several pictures in one run of the model: only where `takesBatches`. The times are those of all. */
  detectTogether(images: readonly (string | Uint8Array)[], minScore: number): Promise<Detection[]>;
}

export interface DetectorOptions extends SessionOptions {
  /** For models that take any size; default: what YOLO is trained at. */
  sidePx?: number;
}

const DEFAULT_SIDE_PX = 640;

/** @throws PipelineError MODEL_INVALID where the model does not load, or finds other things than persons. */
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
      const own = pictures.length === 1 ? scores! : pictureOf(scores!, index);
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

/** What a batch gives for one of its pictures, in the shape of a single run. */
function pictureOf({ data, dims: [pictures = 1, ...dims] }: FloatTensor, index: number): FloatTensor {
  const length = data.length / pictures;
  return { data: data.subarray(index * length, (index + 1) * length), dims: [1, ...dims] };
}
