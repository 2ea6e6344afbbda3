import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {
  DecoderInput,
  DecoderResult,
  PrepareMediaInput,
  PrepareMediaResult,
} from '../../ports/prepare-media.ts';
import type { SlotTask } from '../../ports/slot-task.ts';
import { createWavWriter } from '../audio/wav.ts';
import { sharp } from '../picture/image-library.ts';
import { readMediaType } from './media-type.ts';
import { prepareAudio } from './prepare-audio.ts';
import { prepareImage } from './prepare-image.ts';

/** Checks, decodes and normalises uploads. Runs in its own process, because a malicious file may crash its decoder. */
export async function createTask(): Promise<SlotTask<DecoderInput, DecoderResult>> {
  return {
    selfTest: testDecoders,
    async run(input) {
      if ('audioPath' in input) {
        return prepareMedia(input);
      }
      const { warnings, ...photo } = await prepareImage(
        'image',
        input.imagePath,
        input.photoPath,
        input.longSidePx,
      );
      return { photo, warnings };
    },
  };
}

async function prepareMedia(input: PrepareMediaInput): Promise<PrepareMediaResult> {
  const {
    warnings: aboutPhoto,
    wholeWidthPx: _,
    wholeHeightPx: __,
    ...photo
  } = await prepareImage('image', input.imagePath, input.photoPath);
  const { warnings: aboutBackground = [] } =
    input.backgroundImagePath === undefined
      ? {}
      : await prepareImage('background_image', input.backgroundImagePath, input.backgroundPath);
  const { format } = await readMediaType('audio', input.audioPath);
  const { warnings: aboutVoice, ...voice } = await prepareAudio(input.audioPath, input.voicePath);
  const warnings = [...aboutPhoto, ...aboutBackground, ...aboutVoice];
  return { photo, voice: { ...voice, format }, warnings };
}

/** Decodes a small picture and a short tone, to prove that the native libraries work on this machine. */
async function testDecoders(): Promise<Record<string, string | number | boolean>> {
  const folder = await mkdtemp(join(tmpdir(), 'limelight-media-'));
  try {
    const red = { create: { width: 64, height: 64, channels: 3, background: '#ff0000' } } as const;
    await writeFile(join(folder, 'in'), await sharp(red).png().toBuffer());
    const { format } = await prepareImage('image', join(folder, 'in'), join(folder, 'out'));

    await using tone = await createWavWriter(join(folder, 'in'), { sampleRateHz: 8000, channels: 1 });
    await tone.write(Float32Array.from({ length: 4000 }, (_, index) => Math.sin(index / 4) / 2));
    await tone.finish();
    const { durationS } = await prepareAudio(join(folder, 'in'), join(folder, 'out'));
    return { image: format, audioS: durationS, libvips: sharp.versions.vips };
  } finally {
    await rm(folder, { recursive: true });
  }
}
