import { join } from 'node:path';
import sharp from 'sharp';
import { toWav } from '../harness/api/job-form-data.ts';
import { shortVoice } from '../harness/recordings/short-voice.ts';
import type { PlannedJob } from './plan.ts';

const PORTRAIT = join(import.meta.dirname, '../../samples/portrait.jpg');
/** Small, so that a job takes a second of CPU or less. */
const WIDTH_PX = 360;
const SILENCE_SAMPLES = 16_000;

/** The files of a job. The same content gives the same bytes. */
export async function mediaOf({ content, badInput }: PlannedJob): Promise<{ image: Blob; audio: Blob }> {
  return {
    image: toJpeg(await (badInput === 'no person' ? emptyRoom(content.photo) : portrait(content.photo))),
    audio:
      badInput === 'silent voice'
        ? new Blob([new Uint8Array(toWav(SILENCE_SAMPLES))])
        : shortVoice(content.voice),
  };
}

/** The sample portrait in another light for each number: another photo for the cache, and the same person. */
function portrait(number: number): Promise<Buffer> {
  return sharp(PORTRAIT)
    .resize(WIDTH_PX)
    .modulate({ brightness: 0.85 + (number % 31) / 100, saturation: 0.8 + (number % 29) / 100 })
    .jpeg()
    .toBuffer();
}

function emptyRoom(number: number): Promise<Buffer> {
  const grey = 100 + (number % 100);
  return sharp({
    create: { width: WIDTH_PX, height: WIDTH_PX, channels: 3, background: { r: grey, g: grey, b: 140 } },
  })
    .jpeg()
    .toBuffer();
}

function toJpeg(bytes: Buffer): Blob {
  return new Blob([new Uint8Array(bytes)], { type: 'image/jpeg' });
}
