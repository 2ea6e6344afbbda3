import type { Detected } from '../../activities/detection.ts';
import type { StoredObject } from '../../contracts/schemas/job.ts';
import type { Person } from '../../contracts/schemas/job-outcome.ts';
import { cache } from '../activities.ts';
import type { Job } from './job.ts';
import { describeOrigin, findOrMake, type Origin, originDetails, usesCache } from './reuse.ts';

export interface People extends Origin {
  /** Best first. */
  all: Person[];
  /** The one that the video is about. */
  selected: Person;
}

/** Finds the people in the photo, and has one of them selected. */
export function detect(job: Job, photo: StoredObject): Promise<People> {
  const { input, activities, choice, completed, progress } = job;
  const confThreshold = input.options.conf_threshold;
  return completed.once('detection', async () => {
    progress.enter('DETECTION_RUNNING', 'Looking for people in the photo');
    const { isFromCache, fallbacks, ...detected } = await findOrMake<Detected>(
      job,
      () => cache.findDetection({ photoSha256: photo.sha256, confThreshold }),
      () =>
        activities.detectPersons({
          photoKey: photo.key,
          confThreshold,
          ...(usesCache(job) && { photoSha256: photo.sha256 }),
        }),
    );
    const { persons } = detected;
    const selected = await choice.choose(detected, () =>
      progress.enter('DETECTION_COMPLETE', `Detected ${persons.length} people: choose one of them`, {
        persons,
        waiting_for: 'person',
      }),
    );
    const people = { all: persons, selected, isFromCache, ...(fallbacks && { fallbacks }) };
    const found = persons.length === 1 ? '1 person' : `${persons.length} people`;
    progress.enter(
      'DETECTION_COMPLETE',
      `Detected ${found}, selected person #${selected.id}${describeOrigin(people)}`,
      { ...originDetails(people), persons, selected_person_id: selected.id },
    );
    return people;
  });
}
