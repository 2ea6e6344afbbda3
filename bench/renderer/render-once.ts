/**
 * `node bench/renderer/render-once.ts FOLDER SIDE_PX REPEATS`: renders a talk, then the same again as a slot that has run before, and
 * writes what the second took as JSON.
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
// A head and shoulders take about so much of a square.
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

/** In a function of its own, so that none of it is in memory any more when the talk is made. */
async function repeatVoice(times: number): Promise<string> {
  await using once = await openWav(join(mediaDir!, 'audio', 'jfk.wav'));
  const [samples] = await once.read(0, once.frames);
  const voice = new Float32Array(samples!.length * times);
  for (let at = 0; at < voice.length; at += samples!.length) {
    voice.set(samples!, at);
  }
  return writeVoice(join(folder, 'voice.wav'), voice, once.sampleRateHz);
}
