/**
 * `node bench/renderer/render-once.ts FOLDER SIDE_PX REPEATS`: renders a video twice, and prints the figures of the second run as JSON,
 * because a slot has usually run before.
 */
import { join } from 'node:path';
import process from 'node:process';
import sharp from 'sharp';
import { openWav } from '../../src/media/audio/wav.ts';
import { whileCodecsRun } from '../../src/media/codecs/webcodecs.ts';
import { renderTalk } from '../../src/providers/local/render-talk.ts';
import { createTalkModels, findTalkModels } from '../../src/providers/local/talk-models.ts';
import { mediaDir, modelsDir } from '../../test/harness/shared-media.ts';
import { maskOver, photoRequest, writeVoice } from '../../test/providers/local/talk-files.ts';
import type { Rendering } from '../renderer.ts';

const [folder = '', sidePx = '512', repeats = '1'] = process.argv.slice(2);
const photo = join(folder, 'square.png');
const { width } = await sharp(join(mediaDir!, 'people', 'u2_man.jpg')).metadata();
await sharp(join(mediaDir!, 'people', 'u2_man.jpg'))
  .extract({ left: 0, top: 0, width, height: width })
  .resize({ width: 1080 })
  .toFile(photo);
const voicePath = await repeatVoice(Number(repeats));
const models = await createTalkModels(await findTalkModels({ dir: modelsDir, cacheDir: folder }, 1));
const whole = await photoRequest(folder, photo, voicePath);
// The usual share of head and shoulders in a square.
const person = { left: 216, top: 40, width: 648, height: 1040 };
const request = { ...whole, maskPath: await maskOver(whole.maskPath, person) };

const options = { longSidePx: Number(sidePx), mark: true, provenance: true };
const render = () => whileCodecsRun(renderTalk(models, request, join(folder, 'talk.mp4'), options, () => {}));
if (repeats === '1') {
  await render();
}
const start = performance.now();
const before = process.cpuUsage();
const talk = await render();
const { user, system } = process.cpuUsage(before);
process.stdout.write(
  JSON.stringify({
    videoS: talk.durationS,
    wallS: (performance.now() - start) / 1000,
    cpuMs: (user + system) / 1000,
    peakMb: process.resourceUsage().maxRSS / 1024,
  } satisfies Rendering),
);

/** A separate function, so that its memory is free when the video is rendered. */
async function repeatVoice(times: number): Promise<string> {
  await using once = await openWav(join(mediaDir!, 'audio', 'jfk.wav'));
  const [samples] = await once.read(0, once.frames);
  const voice = new Float32Array(samples!.length * times);
  for (let at = 0; at < voice.length; at += samples!.length) {
    voice.set(samples!, at);
  }
  return writeVoice(join(folder, 'voice.wav'), voice, once.sampleRateHz);
}
