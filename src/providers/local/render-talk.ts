import { mkdir, rm } from 'node:fs/promises';
import { openWav } from '../../media/audio/wav.ts';
import { toAlphaPlane, toI420 } from '../../media/encode/i420.ts';
import { createTalkWriter } from '../../media/encode/talk-writer.ts';
import type { RenderedTalk, TalkProgress, TalkRequest } from '../../ports/video-provider.ts';
import { createLipSync } from './lip-sync/lip-sync.ts';
import { motionOf } from './motion/motion.ts';
import { MOUTH_AT_REST } from './motion/pose.ts';
import { createAiMark } from './picture/ai-mark.ts';
import { stageTalk } from './stage-talk.ts';
import type { TalkModels } from './talk-models.ts';
import { hearVoice } from './voice/hear-voice.ts';
import { readMono } from './voice/mono-voice.ts';

const FRAMES_PER_SECOND = 25;
/** Frames between two words on progress. */
const PROGRESS_EVERY = 10;

export interface RenderOptions {
  /** The most that the frame's long side may have. */
  longSidePx: number;
  /** Whether a small "AI-generated" is in the picture, and the same in the file's metadata. */
  mark: boolean;
  provenance: boolean;
}

/**
 * Writes the talk as an MP4, or as a WebM with alpha. Frames are made and encoded one after the other, so that memory does not grow with them;
 * parts of the talk that an earlier attempt left are not made again.
 * @throws PipelineError FACE_NOT_FOUND, FACE_UNSUITABLE
 */
export async function renderTalk(
  models: TalkModels,
  request: TalkRequest,
  videoPath: string,
  options: RenderOptions,
  onProgress: (progress: TalkProgress) => void,
): Promise<RenderedTalk> {
  const { animator, frame: size, points, warnings } = await stageTalk(models, request, options.longSidePx);
  await using voice = await openWav(request.voicePath);
  const frames = Math.max(1, Math.round((voice.frames / voice.sampleRateHz) * FRAMES_PER_SECOND));
  const mono = await readMono(voice);
  const heard = await hearVoice(mono, models.speech, models.voiceActivity);
  const poseAt = motionOf(heard, {
    frames,
    framesPerSecond: FRAMES_PER_SECOND,
    seed: request.requestId,
    ...animator.manner,
    stillHead: request.plateShowsPerson,
  });
  const mark = options.mark ? await createAiMark(size) : undefined;
  const partsFolder = request.partsFolder ?? `${videoPath}.parts`;
  await mkdir(partsFolder, { recursive: true });
  const { isTransparent = false } = request;
  await using writer = await createTalkWriter({
    ...size,
    framesPerS: FRAMES_PER_SECOND,
    frames,
    voice,
    partsFolder,
    provenance: options.provenance,
    format: isTransparent ? 'webm' : 'mp4',
  });

  const lipSync =
    models.lipSync &&
    createLipSync(models.lipSync, mono, { points, frame: size, framesPerS: FRAMES_PER_SECOND });
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
      if (done % PROGRESS_EVERY === 0 || done === frames) {
        onProgress({ frame: done, frames });
      }
    }
  }
  await writer.finish(videoPath);
  if (!request.partsFolder) {
    await rm(partsFolder, { recursive: true });
  }
  return { ...size, durationS: frames / FRAMES_PER_SECOND, warnings };
}
