import { open } from 'node:fs/promises';
import type { PrepareMediaInput, PrepareMediaResult } from '../../ports/prepare-media.ts';
import type { SlotTask } from '../../ports/slot-task.ts';
import { testDecoders } from './media-self-test.ts';
import { MEDIA_HEAD_BYTES, type MediaField, requireMediaType } from './media-type.ts';
import { prepareAudio } from './prepare-audio.ts';
import { prepareImage } from './prepare-image.ts';

/** Checks, decodes and normalises what was uploaded. In a process of its own: a hostile file may take its decoder down. */
export async function createTask(): Promise<SlotTask<PrepareMediaInput, PrepareMediaResult>> {
  return {
    selfTest: testDecoders,
    async run(input) {
      const photo = await preparePicture('image', input.imagePath, input.photoPath);
      if (input.backgroundImagePath) {
        await preparePicture('background_image', input.backgroundImagePath, input.backgroundPath);
      }
      const format = await readType('audio', input.audioPath);
      return { photo, voice: { ...(await prepareAudio(input.audioPath, input.voicePath)), format } };
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
  return await requireMediaType(field, buffer.subarray(0, bytesRead));
}
