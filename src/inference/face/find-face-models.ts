import { type FoundModel, findModel, type ModelFolders } from '../../models/find-model.ts';
import { createFaceDetector, FACE_KINDS } from './face-detector.ts';
import { createFaceLandmarker, LANDMARK_KINDS } from './face-landmarks.ts';
import type { FaceModels } from './find-clear-face.ts';

/** Plain data, so it can be sent to slots. */
export interface FoundFaceModels {
  faceDetection: FoundModel;
  faceLandmarks: FoundModel;
}

/** @throws PipelineError MODEL_MISSING */
export async function findFaceModels(folders: ModelFolders): Promise<FoundFaceModels> {
  return {
    faceDetection: await findModel('face-detection', FACE_KINDS, folders),
    faceLandmarks: await findModel('face-landmarks', LANDMARK_KINDS, folders),
  };
}

/** On the CPU. @param threads of one inference */
export async function openFaceModels(
  { faceDetection, faceLandmarks }: FoundFaceModels,
  threads: number,
): Promise<FaceModels> {
  return {
    detector: await createFaceDetector(faceDetection, { threads }),
    landmarker: await createFaceLandmarker(faceLandmarks, { threads }),
  };
}
