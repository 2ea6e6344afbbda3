import { openWav } from '../../src/media/audio/wav.ts';
import { readMono } from '../../src/media/voice/mono-voice.ts';
import type { TalkRequest } from '../../src/ports/video-provider.ts';
import { motionOf } from '../../src/providers/local/motion/motion.ts';
import { stageTalk } from '../../src/providers/local/stage-talk.ts';
import type { TalkModels } from '../../src/providers/local/talk-models.ts';
import { analyseVoice } from '../../src/providers/local/voice/analyse-voice.ts';
import { tileSheet, wholeFrame } from './tile-sheet.ts';

const TILES = 28;
const FRAMES_PER_S = 25;

/** Frames spread over the whole video. */
export async function drawTalk(
  models: TalkModels,
  request: TalkRequest,
  longSidePx: number,
  path: string,
): Promise<void> {
  const { animator, frame } = await stageTalk(models, request, longSidePx);
  await using voice = await openWav(request.voicePath);
  const frames = Math.round((voice.frames / voice.sampleRateHz) * FRAMES_PER_S);
  const heard = await analyseVoice(await readMono(voice), models.speech);
  const poseAt = motionOf(heard, {
    frames,
    framesPerS: FRAMES_PER_S,
    seed: request.requestId,
    ...animator.manner,
    stillHead: false,
  });
  const picture = new Uint32Array(frame.widthPx * frame.heightPx);
  const tiles = [];
  for (let tile = 0; tile < TILES; tile += 1) {
    const at = Math.floor((tile * frames) / TILES);
    animator.draw(poseAt(at), picture);
    tiles.push({ name: `${(at / FRAMES_PER_S).toFixed(2)} s`, ...(await wholeFrame(picture, frame)) });
  }
  await tileSheet(tiles, 7, path);
}
