import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MEDIA_HEAD_BYTES } from '../../contracts/media-types.ts';
import type { PrepareMediaInput, PrepareMediaResult } from '../../ports/prepare-media.ts';
import type { SlotTask } from '../../ports/slot-task.ts';
import { createWavWriter } from '../audio/wav.ts';
import { sharp } from '../picture/image-library.ts';
import { type MediaField, requireMediaType } from './media-type.ts';
import { prepareAudio } from './prepare-audio.ts';
import { prepareImage } from './prepare-image.ts';

/** Checks, decodes and normalises uploads. Runs in its own process, because a malicious file may crash its decoder. */
export async function createTask(): Promise<SlotTask<PrepareMediaInput, PrepareMediaResult>> {
  return {
    selfTest: testDecoders,
    async run(input) {
      const photo = await preparePicture('image', input.imagePath, input.photoPath);
      if (input.backgroundImagePath) {
        await preparePicture('background_image', input.backgroundImagePath, input.backgroundPath);
      }
      const format = await readType('audio', input.audioPath);
      const { warnings, ...voice } = await prepareAudio(input.audioPath, input.voicePath);
      return { photo, voice: { ...voice, format }, warnings };
    },
  };
}

async function preparePicture(field: MediaField, path: string, pngPath: string) {
  const format = await readType(field, path);
  return { ...(await prepareImage(field, path, pngPath)), format };
}

async function readType(field: MediaField, path: string): Promise<string> {
  await using file = await open(path);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(MEDIA_HEAD_BYTES), 0, MEDIA_HEAD_BYTES, 0);
  return requireMediaType(field, buffer.subarray(0, bytesRead));
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
