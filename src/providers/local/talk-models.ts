import type { FaceModels } from '../../inference/face/find-clear-face.ts';
import {
  type FoundFaceModels,
  findFaceModels,
  openFaceModels,
} from '../../inference/face/find-face-models.ts';
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
export interface TalkModelPlan extends FoundFaceModels {
  mouthCover: FoundModel;
  /** Detects speech, in addition to our own network. */
  voiceActivity?: ModelFile;
  /** Draws the mouth instead of the warp. */
  lipSync?: ModelFile;
  /** Threads of one inference. */
  threads: number;
}

export interface TalkModels extends FaceModels {
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
    ...(await findFaceModels(folders)),
    mouthCover: await findModel('mouth-cover', MOUTH_COVER_KINDS, folders),
    threads,
  };
}

export async function createTalkModels({
  mouthCover,
  voiceActivity,
  lipSync,
  threads,
  ...faces
}: TalkModelPlan): Promise<TalkModels> {
  return {
    ...(voiceActivity && { voiceActivity: await createSileroVoiceActivity(voiceActivity, { threads }) }),
    ...(lipSync && { lipSync: await createLipSyncModel(lipSync, { threads }) }),
    ...(await openFaceModels(faces, threads)),
    speech: await readSpeechNets(),
    mouthCover: await createMouthCoverModel(mouthCover, { threads }),
  };
}
