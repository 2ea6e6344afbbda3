import { hashFile } from '../../hash-file.ts';
import { YOLO_KINDS } from '../../inference/detect/yolo-output.ts';
import { FACE_KINDS } from '../../inference/face/face-detector.ts';
import { LANDMARK_KINDS } from '../../inference/face/face-landmarks.ts';
import { MOUTH_COVER_KINDS } from '../../inference/face/mouth-cover.ts';
import { MATTING_KINDS } from '../../inference/matte/matting-output.ts';
import { findModel, type ModelTask } from '../../models/find-model.ts';
import { SHA256 } from '../../models/model-manifest.ts';
import { type Check, fault, ok, type Result, toSentence } from './finding.ts';

const KINDS: Record<ModelTask, readonly string[]> = {
  'person-detection': YOLO_KINDS,
  'background-removal': MATTING_KINDS,
  'face-detection': FACE_KINDS,
  'face-landmarks': LANDMARK_KINDS,
  'mouth-cover': MOUTH_COVER_KINDS,
};

/** Each task has a model whose file matches its checksum. */
export const checkModels: Check = async ({ config }) => {
  // Without MODELS_DIR the built-in models are used. A damaged pulled model is pulled again.
  const fix = config.models.dir ? 'MODELS_DIR= npm start' : 'npx limelight models pull';
  const findings = await Promise.all(
    (Object.keys(KINDS) as ModelTask[]).map(async (task): Promise<Result & { task: string }> => {
      try {
        const { path, contract, digest } = await findModel(task, KINDS[task], config.models);
        const isWhole = !digest || !SHA256.test(digest) || (await hashFile(path)).sha256 === digest;
        return isWhole
          ? { task, ...ok(`${contract.name} (${path})`) }
          : { task, ...fault(`${path} is damaged: its SHA-256 differs from the manifest`, fix) };
      } catch (error) {
        return { task, ...fault(toSentence(error), fix) };
      }
    }),
  );
  // A fault of the folder, such as a missing manifest, is the same for all tasks and is reported once.
  const isShared = (found: string) => findings.filter((other) => other.found === found).length > 1;
  const results = findings.map(({ task, found, ...rest }) => ({
    ...rest,
    found: isShared(found) ? found : `${task}: ${found}`,
  }));
  return [...new Map(results.map((result) => [result.found, result])).values()];
};
