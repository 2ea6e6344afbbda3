import type { RemovedBackground } from '../../activities/background.ts';
import { cache } from '../activities.ts';
import type { People } from './detect.ts';
import type { Job } from './job.ts';
import { describeOrigin, findOrMake, type Origin, originDetails } from './reuse.ts';

export interface Cutout extends Origin {
  /** Side of the square that the model was given, in pixels. */
  inputSize: number;
}

/** Cuts the selected person out of the photo, and composes the portrait that is animated. */
export function removeBackground(job: Job, people: People): Promise<Cutout> {
  const { input, keys, activities, completed, progress, record } = job;
  const { selected, all, photo } = people;
  return completed.once('background', async () => {
    progress.enter('BACKGROUND_REMOVAL_RUNNING', `Cutting person #${selected.id} out of the photo`);
    const request = {
      photoKey: photo.key,
      person: selected.box,
      others: all.filter(({ id }) => id !== selected.id).map(({ box }) => box),
      applySmoothing: input.options.apply_smoothing,
      maskKey: keys.mask,
      cutoutKey: keys.cutout,
    };
    const { inputSize, coverage, isFromCache, fallbacks, mask, cutout } = await findOrMake<RemovedBackground>(
      job,
      () => cache.findCutout({ ...request, photoSha256: photo.sha256 }),
      (mayStore) =>
        activities.removeBackground({ ...request, ...(mayStore && { photoSha256: photo.sha256 }) }),
    );
    record.addObjects(mask, cutout);
    const composed = await activities.composePortrait({
      photoKey: photo.key,
      cutoutKey: keys.cutout,
      background: input.options.background,
      ...(input.backgroundImage && { backdropKey: keys.backdrop }),
      plateKey: keys.plate,
      portraitKey: keys.portrait,
    });
    record.addObjects(...composed);
    const origin = { isFromCache, ...(fallbacks && { fallbacks }) };
    progress.enter(
      'BACKGROUND_REMOVAL_COMPLETE',
      `Person #${selected.id} is cut out and placed on the chosen background${describeOrigin(origin)}`,
      { ...originDetails(origin), input_size: inputSize, coverage },
    );
    return { inputSize, ...origin };
  });
}
