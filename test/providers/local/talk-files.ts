import { basename, join } from 'node:path';
import sharp from 'sharp';
import { createWavWriter } from '../../../src/media/audio/wav.ts';
import type { TalkRequest } from '../../../src/ports/video-provider.ts';

/** Writes the files of a talk: the unchanged photo at a path, and a mask in which all of it is the person. */
export async function photoRequest(folder: string, photo: string, voicePath: string): Promise<TalkRequest> {
  const portraitPath = join(folder, `${basename(photo)}.png`);
  const { width, height } = await sharp(photo).png().toFile(portraitPath);
  return {
    requestId: 'test',
    portraitPath,
    platePath: await flatPng(join(folder, 'plate.png'), width, height, '#5a6673'),
    maskPath: await flatPng(join(folder, 'mask.png'), width, height, '#ffffff'),
    plateShowsPerson: false,
    voicePath,
  };
}

/** A mask of the same size that shows only a part of the picture. */
export async function maskOver(
  maskPath: string,
  part: { left: number; top: number; width: number; height: number },
): Promise<string> {
  const { width, height } = await sharp(maskPath).metadata();
  const { left, top, ...size } = part;
  const white = await sharp({ create: { ...size, channels: 3, background: '#ffffff' } })
    .png()
    .toBuffer();
  const partPath = `${maskPath}.part.png`;
  await sharp({ create: { width, height, channels: 3, background: '#000000' } })
    .composite([{ input: white, left, top }])
    .png()
    .toFile(partPath);
  return partPath;
}

async function flatPng(path: string, width: number, height: number, background: string): Promise<string> {
  await sharp({ create: { width, height, channels: 3, background } })
    .png()
    .toFile(path);
  return path;
}

/** Syllables: a 150 Hz buzz through formants of "ah", on and off twice a second, or silence. */
export function buzz(
  seconds: number,
  isOn: (timeS: number) => boolean = () => true,
  sampleRateHz = 16_000,
): Float32Array {
  return Float32Array.from({ length: seconds * sampleRateHz }, (_, i) => {
    const time = i / sampleRateHz;
    let value = 0;
    for (let harmonic = 1; harmonic <= 24; harmonic += 1) {
      const hz = 150 * harmonic;
      const formant =
        Math.exp(-(((hz - 750) / 300) ** 2)) + 0.4 * Math.exp(-(((hz - 1250) / 300) ** 2)) + 0.05;
      value += formant * Math.sin(2 * Math.PI * hz * time);
    }
    return isOn(time) ? 0.15 * value : 0;
  });
}

export async function writeVoice(
  path: string,
  samples: Float32Array,
  sampleRateHz = 16_000,
): Promise<string> {
  await using writer = await createWavWriter(path, { sampleRateHz, channels: 1 });
  await writer.write(samples);
  await writer.finish();
  return path;
}

const PORTRAIT = new URL('../../../samples/portrait.jpg', import.meta.url).pathname;
const SMALL_PX = 176;

/** The sample portrait, small, and a voice of this length: enough for an emulated provider. */
export async function writeSmallTalkFiles(
  folder: string,
  voiceS: number,
): Promise<{ portrait: string; voice: string }> {
  const portrait = join(folder, 'portrait.png');
  await sharp(PORTRAIT).resize(SMALL_PX, SMALL_PX).png().toFile(portrait);
  return { portrait, voice: await writeVoice(join(folder, 'voice.wav'), buzz(voiceS)) };
}
