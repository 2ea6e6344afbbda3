import { createFaceDetector, FACE_KINDS, type FaceDetector } from '../../inference/face-detector.ts';
import { createFaceLandmarker, type FaceLandmarker, LANDMARK_KINDS } from '../../inference/face-landmarks.ts';
import { type FoundModel, findModel, type ModelFolders } from '../../inference/find-model.ts';
import { readSpeechNets, type SpeechNets } from './voice/speech-nets.ts';

/** Plain data: it travels to the slot. */
export interface TalkModelPlan {
  faceDetection: FoundModel;
  faceLandmarks: FoundModel;
  /** Threads of one inference. */
  threads: number;
}

export interface TalkModels {
  detector: FaceDetector;
  landmarker: FaceLandmarker;
  speech: SpeechNets;
}

/** @throws PipelineError MODEL_MISSING */
export async function findTalkModels(folders: ModelFolders, threads: number): Promise<TalkModelPlan> {
  return {
    faceDetection: await findModel('face-detection', FACE_KINDS, folders),
    faceLandmarks: await findModel('face-landmarks', LANDMARK_KINDS, folders),
    threads,
  };
}

export async function createTalkModels({
  faceDetection,
  faceLandmarks,
  threads,
}: TalkModelPlan): Promise<TalkModels> {
  return {
    detector: await createFaceDetector(faceDetection, { threads }),
    speech: await readSpeechNets(),
    landmarker: await createFaceLandmarker(faceLandmarks, { threads }),
  };
}
