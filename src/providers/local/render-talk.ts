import { createMp4Writer } from '../../media/mp4-writer.ts';
import { openWav } from '../../media/wav.ts';
import type { RenderedTalk, TalkProgress, TalkRequest } from '../video-provider.ts';
import { motionOf } from './motion/motion.ts';
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
}

/**
 * Writes the talk as an MP4. Frames are made and encoded one after the other, so that memory does not grow with them.
 * @throws PipelineError FACE_NOT_FOUND, FACE_UNSUITABLE
 */
export async function renderTalk(
  models: TalkModels,
  request: TalkRequest,
  videoPath: string,
  { longSidePx }: RenderOptions,
  onProgress: (progress: TalkProgress) => void,
): Promise<RenderedTalk> {
  const { animator, frame: size, warnings } = await stageTalk(models, request, longSidePx);
  await using voice = await openWav(request.voicePath);
  const samples = voice.frames;
  const durationS = samples / voice.sampleRateHz;
  const frames = Math.max(1, Math.round(durationS * FRAMES_PER_SECOND));
  const heard = await hearVoice(await readMono(voice), models.speech);
  const poseAt = motionOf(heard, {
    frames,
    framesPerSecond: FRAMES_PER_SECOND,
    seed: request.requestId,
    ...animator.manner,
    stillHead: request.plateShowsPerson,
  });

  await using writer = await createMp4Writer(videoPath, {
    ...size,
    framesPerS: FRAMES_PER_SECOND,
    frames,
    sound: { sampleRateHz: voice.sampleRateHz, channels: voice.channels, samples },
  });
  const picture = new Uint32Array(size.widthPx * size.heightPx);
  const bytes = new Uint8Array(picture.buffer);
  let written = 0;
  for (let frame = 0; frame < frames; frame += 1) {
    animator.draw(poseAt(frame), picture);
    await writer.addFrame(bytes);
    const until =
      frame === frames - 1 ? samples : Math.round(((frame + 1) / FRAMES_PER_SECOND) * voice.sampleRateHz);
    await writer.addSound(await voice.read(written, until - written));
    written = until;
    if (frame % PROGRESS_EVERY === PROGRESS_EVERY - 1 || frame === frames - 1) {
      onProgress({ frame: frame + 1, frames });
    }
  }
  await writer.finish();
  return { ...size, durationS: frames / FRAMES_PER_SECOND, warnings };
}
