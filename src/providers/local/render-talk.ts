import { mkdir, rm } from 'node:fs/promises';
import { openWav } from '../../media/audio/wav.ts';
import { toAlphaPlane, toI420 } from '../../media/encode/i420.ts';
import { createTalkWriter, type TalkWriter } from '../../media/encode/talk-writer.ts';
import { readMono } from '../../media/voice/mono-voice.ts';
import type { RenderedTalk, TalkProgress, TalkRequest } from '../../ports/video-provider.ts';
import type { FrameSize } from './face/framing.ts';
import type { FaceAnimator } from './face-animator.ts';
import { createLipSync, type LipSync } from './lip-sync/lip-sync.ts';
import { motionOf } from './motion/motion.ts';
import { MOUTH_AT_REST, type Pose } from './motion/pose.ts';
import { type AiMark, createAiMark } from './picture/ai-mark.ts';
import { stageTalk } from './stage-talk.ts';
import type { TalkModels } from './talk-models.ts';
import { analyseVoice } from './voice/analyse-voice.ts';

const FRAMES_PER_S = 25;
/** Frames between two progress reports. */
const PROGRESS_INTERVAL = 10;

export interface RenderOptions {
  /** Length of the frame's longer side, for requests that choose none. */
  longSidePx: number;
  /** Whether the picture shows a small "AI-generated". */
  mark: boolean;
  /** Whether the file's metadata says the same. */
  provenance: boolean;
}

/**
 * Writes the talk as an MP4, or as a WebM with alpha. Frames are drawn and encoded one after the other, so memory does
 * not grow with the length. Continues after the parts that an earlier attempt left.
 * @throws PipelineError FACE_NOT_FOUND, FACE_UNSUITABLE
 */
export async function renderTalk(
  models: TalkModels,
  request: TalkRequest,
  videoPath: string,
  options: RenderOptions,
  onProgress: (progress: TalkProgress) => void,
): Promise<RenderedTalk> {
  const {
    animator,
    frame: size,
    points,
    warnings,
  } = await stageTalk(models, request, request.longSidePx ?? options.longSidePx);
  await using voice = await openWav(request.voicePath);
  const frames = Math.max(1, Math.round((voice.frames / voice.sampleRateHz) * FRAMES_PER_S));
  const mono = await readMono(voice);
  const heard = await analyseVoice(mono, models.speech, models.voiceActivity);
  const poseAt = motionOf(heard, {
    frames,
    framesPerS: FRAMES_PER_S,
    seed: request.requestId,
    ...animator.manner,
    stillHead: request.plateShowsPerson,
  });
  const partsFolder = request.partsFolder ?? `${videoPath}.parts`;
  await mkdir(partsFolder, { recursive: true });
  const { isTransparent = false } = request;
  await using writer = await createTalkWriter({
    ...size,
    framesPerS: FRAMES_PER_S,
    frames,
    voice,
    partsFolder,
    provenance: options.provenance,
    format: isTransparent ? 'webm' : 'mp4',
  });
  await drawFrames(
    {
      size,
      frames,
      animator,
      poseAt,
      isTransparent,
      mark: options.mark ? await createAiMark(size) : undefined,
      lipSync:
        models.lipSync &&
        createLipSync(models.lipSync, mono, { points, frame: size, framesPerS: FRAMES_PER_S }),
    },
    writer,
    onProgress,
  );
  await writer.finish(videoPath);
  if (!request.partsFolder) {
    await rm(partsFolder, { recursive: true });
  }
  return { ...size, durationS: frames / FRAMES_PER_S, warnings };
}

interface FramePlan {
  size: FrameSize;
  frames: number;
  animator: FaceAnimator;
  poseAt: (frame: number) => Pose;
  isTransparent: boolean;
  mark: AiMark | undefined;
  lipSync: LipSync | undefined;
}

/** Draws the frames that the writer lacks, in batches of the lip-sync network or one by one. */
async function drawFrames(
  { size, frames, animator, poseAt, isTransparent, mark, lipSync }: FramePlan,
  writer: TalkWriter,
  onProgress: (progress: TalkProgress) => void,
): Promise<void> {
  const pictures = Array.from(
    { length: lipSync?.batch ?? 1 },
    () => new Uint32Array(size.widthPx * size.heightPx),
  );
  const planes = new Uint8Array(size.widthPx * size.heightPx * (isTransparent ? 2.5 : 1.5));
  let isFirst = true;
  for (let from = writer.nextFrame; from < frames; from += pictures.length) {
    const batch = pictures.slice(0, frames - from);
    batch.forEach((picture, i) => {
      const pose = poseAt(from + i);
      animator.draw(lipSync ? { ...pose, ...MOUTH_AT_REST } : pose, picture);
    });
    await lipSync?.draw(batch, from);
    for (const [i, picture] of batch.entries()) {
      mark?.draw(picture);
      const changed = isFirst
        ? { left: 0, top: 0, right: size.widthPx, bottom: size.heightPx }
        : animator.changing;
      toI420(picture, size.widthPx, size.heightPx, changed, planes);
      if (isTransparent) {
        toAlphaPlane(picture, size.widthPx, size.heightPx, changed, planes);
      }
      isFirst = false;
      await writer.addFrame(planes);
      const done = from + i + 1;
      if (done % PROGRESS_INTERVAL === 0 || done === frames) {
        onProgress({ frame: done, frames });
      }
    }
  }
}
