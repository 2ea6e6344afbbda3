import type { Detected } from '../../activities/detection.ts';
import type { StoredObject } from '../../contracts/schemas/job.ts';
import type { Person } from '../../contracts/schemas/job-outcome.ts';
import type { Turn } from '../../ports/models.ts';
import { cache } from '../activities.ts';
import type { Job } from './job.ts';
import { describeOrigin, findOrMake, type Origin, originDetails } from './reuse.ts';

export interface People extends Origin {
  /** Best first. */
  all: Person[];
  /** The one that the video is about. */
  selected: Person;
  /** The photo that the boxes refer to. */
  photo: StoredObject;
  /** How far it was turned, if its faces were not upright. */
  turnedDegrees?: Turn;
}

/** Finds the people in the photo, and has one of them selected. */
export function detect(job: Job, photo: StoredObject): Promise<People> {
  const { input, keys, activities, choice, completed, progress, record } = job;
  const turnedKey = keys.turned;
  const confThreshold = input.options.conf_threshold;
  return completed.once('detection', async () => {
    progress.enter('DETECTION_RUNNING', 'Looking for people in the photo');
    const { isFromCache, fallbacks, turned, ...detected } = await findOrMake<Detected>(
      job,
      () => cache.findDetection({ photoSha256: photo.sha256, confThreshold, turnedKey }),
      (mayStore) =>
        activities.detectPersons({
          photoKey: photo.key,
          turnedKey,
          confThreshold,
          ...(mayStore && { photoSha256: photo.sha256 }),
        }),
    );
    const { persons, turnedDegrees, widthPx, heightPx } = detected;
    if (turned) {
      record.addObjects(turned);
    }
    const turnedPhoto = turnedDegrees && { photo: { widthPx, heightPx }, turned_degrees: turnedDegrees };
    const selected = await choice.choose(detected, () =>
      progress.enter('DETECTION_COMPLETE', `Detected ${persons.length} people: choose one of them`, {
        persons,
        ...turnedPhoto,
        waiting_for: 'person',
      }),
    );
    const people = {
      all: persons,
      selected,
      photo: turned ?? photo,
      ...(turnedDegrees && { turnedDegrees }),
      isFromCache,
      ...(fallbacks && { fallbacks }),
    };
    const found = persons.length === 1 ? '1 person' : `${persons.length} people`;
    progress.enter(
      'DETECTION_COMPLETE',
      `Detected ${found}, selected person #${selected.id}${turnedDegrees ? `. ${describeTurn(turnedDegrees)}` : ''}${describeOrigin(people)}`,
      { ...originDetails(people), persons, ...turnedPhoto, selected_person_id: selected.id },
    );
    return people;
  });
}

/** A sentence for people. */
export function describeTurn(degrees: Turn): string {
  return degrees === 180
    ? 'The photo was upside down, so it was turned'
    : 'The photo lay on its side, so it was turned upright';
}
