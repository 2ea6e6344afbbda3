import { readdir } from 'node:fs/promises';
import { YOLO_KINDS } from '../../src/inference/detect/yolo-output.ts';
import { createFaceLandmarker, LANDMARK_KINDS } from '../../src/inference/face/face-landmarks.ts';
import { MOUTH_COVER_KINDS } from '../../src/inference/face/mouth-cover.ts';
import { MATTING_KINDS } from '../../src/inference/matte/matting-output.ts';
import {
  type FoundModel,
  findModel,
  listModels,
  type ModelFolders,
  type ModelTask,
} from '../../src/models/find-model.ts';
import { readPeopleSet } from './people-set.ts';
import { type CloseUpsScore, scoreCloseUps } from './score-close-ups.ts';
import { type DetectorScore, scoreDetector } from './score-detector.ts';
import { type LandmarksScore, scoreLandmarks } from './score-landmarks.ts';
import { type MattingScore, scoreMatting } from './score-matting.ts';
import { type MouthCoverScore, scoreMouthCover } from './score-mouth-cover.ts';

export interface EvaluationOptions {
  /** A folder in the form of `readPeopleSet`. */
  data?: string | undefined;
  /** A folder of photos, or one in the form of `readFaces`. */
  faces?: string | undefined;
  /** Models that find the faces of a folder of photos. Default: those that the pipeline would use. */
  reference?: string | undefined;
  /** Scores all models of this folder. Default: the models that the pipeline would use. */
  models?: string | undefined;
  folders: ModelFolders;
  /** Of photos of each kind. */
  limit?: number;
}

/** By the names of the models. */
export interface Evaluation {
  detectors: Record<string, DetectorScore>;
  mattings: Record<string, MattingScore>;
  landmarks: Record<string, LandmarksScore>;
  mouthCovers: Record<string, MouthCoverScore>;
  /** Of all models of the pipeline together. */
  closeUps?: CloseUpsScore;
}

export async function scoreModels({
  data,
  faces,
  reference,
  models,
  folders,
  limit = Number.POSITIVE_INFINITY,
}: EvaluationOptions): Promise<Evaluation> {
  const find = async (task: ModelTask, kinds: readonly string[]) =>
    models ? listModels(task, kinds, models) : [await findModel(task, kinds, folders)];
  const evaluation: Evaluation = { detectors: {}, mattings: {}, landmarks: {}, mouthCovers: {} };
  if (data) {
    const people = await readPeopleSet(data, limit);
    evaluation.detectors = await scoreEach(await find('person-detection', YOLO_KINDS), (model) =>
      scoreDetector(model, people),
    );
    evaluation.mattings = await scoreEach(await find('background-removal', MATTING_KINDS), (model) =>
      scoreMatting(model, people),
    );
  }
  if (faces && (await hasAnnotations(faces))) {
    evaluation.landmarks = await scoreEach(await find('face-landmarks', LANDMARK_KINDS), (model) =>
      scoreLandmarks(model, faces, limit),
    );
    // Always with the landmarks that the pipeline would use.
    const found = await findModel('face-landmarks', LANDMARK_KINDS, folders);
    const landmarker = await createFaceLandmarker(found, { threads: 1 });
    evaluation.mouthCovers = await scoreEach(await find('mouth-cover', MOUTH_COVER_KINDS), (model) =>
      scoreMouthCover(model, landmarker, faces, limit),
    );
  }
  if (faces && !models) {
    evaluation.closeUps = await scoreCloseUps(faces, { folders, reference, limit });
  }
  return evaluation;
}

async function hasAnnotations(dir: string): Promise<boolean> {
  return (await readdir(dir)).includes('annotations.json');
}

async function scoreEach<T>(
  models: FoundModel[],
  score: (model: FoundModel) => Promise<T>,
): Promise<Record<string, T>> {
  const scores: Record<string, T> = {};
  for (const model of models) {
    scores[model.contract.name] = await score(model);
  }
  return scores;
}
