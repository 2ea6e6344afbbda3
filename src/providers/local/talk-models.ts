import { createFaceDetector, FACE_KINDS, type FaceDetector } from '../../inference/face/face-detector.ts';
import {
  createFaceLandmarker,
  type FaceLandmarker,
  LANDMARK_KINDS,
} from '../../inference/face/face-landmarks.ts';
import {
  createMouthCoverModel,
  MOUTH_COVER_KINDS,
  type MouthCoverModel,
} from '../../inference/face/mouth-cover.ts';
import { createLipSyncModel, type LipSyncModel } from '../../inference/speech/lip-sync-model.ts';
import {
  createSileroVoiceActivity,
  VOICE_ACTIVITY_KINDS,
} from '../../inference/speech/silero-voice-activity.ts';
import { readSpeechNets, type SpeechNets } from '../../media/voice/speech-nets.ts';
import {
  type FoundModel,
  findModel,
  findModelFile,
  type ModelFile,
  type ModelFolders,
} from '../../models/find-model.ts';
import type { VoiceActivity } from './voice/analyse-voice.ts';

/** Plain data, so it can be sent to the slot. */
export interface TalkModelPlan {
  faceDetection: FoundModel;
  faceLandmarks: FoundModel;
  mouthCover: FoundModel;
  /** Detects speech, in addition to our own network. */
  voiceActivity?: ModelFile;
  /** Draws the mouth instead of the warp. */
  lipSync?: ModelFile;
  /** Threads of one inference. */
  threads: number;
}

export interface TalkModels {
  detector: FaceDetector;
  landmarker: FaceLandmarker;
  mouthCover: MouthCoverModel;
  speech: SpeechNets;
  voiceActivity?: VoiceActivity;
  lipSync?: LipSyncModel;
}

/** @throws PipelineError MODEL_MISSING */
export async function findTalkModels(folders: ModelFolders, threads: number): Promise<TalkModelPlan> {
  const voiceActivity = await findModelFile('voice-activity', VOICE_ACTIVITY_KINDS, folders);
  return {
    ...(voiceActivity && { voiceActivity }),
    faceDetection: await findModel('face-detection', FACE_KINDS, folders),
    faceLandmarks: await findModel('face-landmarks', LANDMARK_KINDS, folders),
    mouthCover: await findModel('mouth-cover', MOUTH_COVER_KINDS, folders),
    threads,
  };
}

export async function createTalkModels({
  faceDetection,
  faceLandmarks,
  mouthCover,
  voiceActivity,
  lipSync,
  threads,
}: TalkModelPlan): Promise<TalkModels> {
  return {
    ...(voiceActivity && { voiceActivity: await createSileroVoiceActivity(voiceActivity, { threads }) }),
    ...(lipSync && { lipSync: await createLipSyncModel(lipSync, { threads }) }),
    detector: await createFaceDetector(faceDetection, { threads }),
    speech: await readSpeechNets(),
    landmarker: await createFaceLandmarker(faceLandmarks, { threads }),
    mouthCover: await createMouthCoverModel(mouthCover, { threads }),
  };
}
