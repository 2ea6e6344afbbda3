import { copyFile } from 'node:fs/promises';
import { DEFAULT_BACKGROUND } from '../../contracts/job.ts';
import type { Background } from '../../contracts/schemas/job-options.ts';
import { PipelineError } from '../../errors.ts';
import { blurBehindPerson } from './blurred-backdrop.ts';
import { sharp } from './image-library.ts';

interface ComposePortraitInput {
  /** PNG, upright, without alpha. */
  photoPath: string;
  /** PNG of the same size: the person, with alpha. */
  cutoutPath: string;
  background: Background;
  /** Required for the background `image`. Scaled to cover, and cropped around the centre. */
  backgroundImagePath?: string;
  /** PNG files to write, both the size of the photo and without alpha. */
  platePath: string;
  portraitPath: string;
}

const PNG = { compressionLevel: 1 } as const;

/** Writes the plate, which is the background alone, and the portrait, which is the person in front of it. */
export async function composePortrait(input: ComposePortraitInput): Promise<void> {
  const { photoPath, cutoutPath, platePath, portraitPath } = input;
  if (input.background === 'original') {
    // No mask is as accurate as the photo itself.
    await Promise.all([copyFile(photoPath, platePath), copyFile(photoPath, portraitPath)]);
    return;
  }
  const plate = await drawPlate(input);
  await plate.toFile(platePath);
  await sharp(platePath)
    .composite([{ input: cutoutPath }])
    .removeAlpha()
    .png(PNG)
    .toFile(portraitPath);
}

async function drawPlate({ photoPath, cutoutPath, background, backgroundImagePath }: ComposePortraitInput) {
  const { width, height } = await sharp(photoPath).metadata();
  if (background === 'blur') {
    return (await blurBehindPerson(photoPath, cutoutPath)).png(PNG);
  }
  if (background === 'image') {
    if (!backgroundImagePath) {
      throw new PipelineError(
        'INPUT_INVALID',
        'Expected a picture in background_image for the background "image", but received none. Send one, or choose another background.',
      );
    }
    return sharp(backgroundImagePath).resize(width, height, { fit: 'cover' }).removeAlpha().png(PNG);
  }
  // Transparent videos are made in front of the default grey; it is removed later.
  const colour = background === 'transparent' ? DEFAULT_BACKGROUND : background;
  return sharp({ create: { width, height, channels: 3, background: colour } }).png(PNG);
}
