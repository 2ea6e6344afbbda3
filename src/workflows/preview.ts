import {
  CancellationScope,
  isCancellation,
  log,
  ParentClosePolicy,
  proxyActivities,
  sleep,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { BackgroundActivities } from '../activities/background.ts';
import type { CacheActivities } from '../activities/content-cache.ts';
import type { DetectionActivities } from '../activities/detection.ts';
import type { MediaActivities } from '../activities/media.ts';
import type { PreviewActivities } from '../activities/preview.ts';
import type { RenderActivities } from '../activities/render.ts';
import { QUEUES } from '../contracts/queues.ts';
import type { Box, Person } from '../contracts/schemas/job-outcome.ts';
import type { FaceCheck, PreviewFacts, PreviewInput } from '../contracts/schemas/photo-preview.ts';
import { previewKeys } from '../contracts/task-keys.ts';
import type { DetectPersonsResult } from '../ports/models.ts';
import { heartbeating, undo } from './activities.ts';
import { pickPerson } from './generate-video/person-choice.ts';
import { codeOf } from './job-error.ts';

/** Sharp on every screen. Models see less than that of any photo. */
const LONG_SIDE_PX = 1600;
/** Only this many faces are checked: clients show no more. */
const MAX_FACES = 12;
/** How long clients can read a preview, and how long its results are kept for a task with the same photo. */
const LIFE = '1 hour';

/** Workflows are started with the lowest priority, which their activities inherit: every task goes first. */
const common = {
  ...heartbeating,
  // A client does not wait longer for a preview.
  scheduleToCloseTimeout: '30 s',
  retry: { maximumAttempts: 3, initialInterval: '200 ms' },
} as const;

const media = proxyActivities<Pick<MediaActivities, 'preparePhoto'>>({ ...common, taskQueue: QUEUES.media });
const detection = proxyActivities<DetectionActivities>({ ...common, taskQueue: QUEUES.yolo });
const background = proxyActivities<BackgroundActivities>({ ...common, taskQueue: QUEUES.birefnet });
const pictures = proxyActivities<PreviewActivities>({ ...common, taskQueue: QUEUES.io });
const faces = proxyActivities<Pick<RenderActivities, 'checkFaces'>>({
  ...common,
  taskQueue: QUEUES.render,
  // The renderer may be busy with a video for minutes. The preview then has no checks.
  scheduleToStartTimeout: '3 s',
  scheduleToCloseTimeout: '15 s',
});

/** For work in the background: no client waits for it. */
const patient = { ...common, scheduleToCloseTimeout: '30 minutes' } as const;
const mediaLater = proxyActivities<Pick<MediaActivities, 'preparePhoto'>>({
  ...patient,
  taskQueue: QUEUES.media,
});
const backgroundLater = proxyActivities<BackgroundActivities>({ ...patient, taskQueue: QUEUES.birefnet });
const cacheLater = proxyActivities<CacheActivities>({ ...patient, taskQueue: QUEUES.io });

/**
 * Shows what a task would make of a photo: the people, whether their faces can be animated, and the cut-out of one of them.
 * Works on a reduced photo, to answer within a second. Deletes everything if it fails or is cancelled.
 */
export async function previewPhoto(input: PreviewInput): Promise<PreviewFacts> {
  const { previewId, options, image, owner } = input;
  const keys = previewKeys(previewId, owner);
  try {
    const { photo, warnings } = await media.preparePhoto({
      imageKey: image.key,
      photoKey: keys.small.photo,
      longSidePx: LONG_SIDE_PX,
    });
    const confThreshold = options.conf_threshold;
    const found = await detection.detectPersons({
      photoKey: keys.small.photo,
      turnedKey: keys.small.turned,
      confThreshold,
    });
    const photoKey = found.turned?.key ?? keys.small.photo;
    const { persons } = found;
    const selected = persons.length > 0 ? pickPerson(persons, options.person ?? 'auto') : undefined;
    const scale = photo.wholeWidthPx / photo.widthPx;
    const sides = [photo.wholeWidthPx, photo.wholeHeightPx] as const;
    const [widthPx, heightPx] = isOnSide(found) ? [sides[1], sides[0]] : sides;
    const whole = { widthPx, heightPx };
    const enlarged = enlarge(found, whole);
    const work = [
      selected !== undefined && showPerson(input, photoKey, selected.box, without(persons, selected.id)),
      showFaces(input, photoKey, persons.slice(0, MAX_FACES), scale),
    ] as const;
    // After a failure too, both have ended before the files are deleted.
    await Promise.allSettled(work);
    const [hasCutout, checks] = await Promise.all(work);
    // Last, because it takes slots, and deletes files that are read above.
    await startChild(keepPreview, {
      workflowId: `${workflowInfo().workflowId}/keep`,
      parentClosePolicy: ParentClosePolicy.ABANDON,
      args: [{ input, found: enlarged, ...(selected && { person: selected.id }) }],
    });
    return {
      photo: { width_px: whole.widthPx, height_px: whole.heightPx },
      persons: enlarged.persons.map((person, index) => {
        const check = checks?.[index];
        return check
          ? { ...person, face: { ...check, ...(check.box && { box: times(check.box as Box, scale) }) } }
          : person;
      }),
      ...(selected && { selected_person_id: selected.id }),
      has_cutout: hasCutout,
      warnings,
    };
  } catch (error) {
    await CancellationScope.nonCancellable(() => undo.discard({ prefixes: [keys.prefix] }));
    throw error;
  }
}

interface KeepInput {
  input: PreviewInput;
  /** Of the whole photo. */
  found: DetectPersonsResult;
  person?: number;
}

/**
 * Repeats the work on the whole photo and stores the results in the content cache, for a task with the same photo. After an
 * hour, deletes the results that no task has used, and the files of the preview.
 */
export async function keepPreview({ input, found, person }: KeepInput): Promise<void> {
  const { previewId, options, image, owner } = input;
  const keys = previewKeys(previewId, owner);
  const made: string[] = [];
  let keptAt = Date.now();
  try {
    const { stored } = await mediaLater.preparePhoto({ imageKey: image.key, photoKey: keys.whole.photo });
    const facts = { photoSha256: stored.sha256, confThreshold: options.conf_threshold };
    // Replaces the result of an earlier task, because the ids must be those that the client received. If the photo had to be
    // turned, only its reduced copy was, so the task turns the whole one.
    const entry =
      found.fallbacks || found.turnedDegrees
        ? null
        : await cacheLater.keepDetection({ ...facts, result: found });
    if (entry) made.push(entry);
    const selected = found.persons.find(({ id }) => id === person);
    if (selected && !found.turnedDegrees) {
      const request = {
        photoKey: keys.whole.photo,
        photoSha256: stored.sha256,
        person: selected.box,
        others: without(found.persons, selected.id),
        applySmoothing: options.apply_smoothing,
        maskKey: keys.whole.mask,
        cutoutKey: keys.whole.cutout,
      };
      if (!(await cacheLater.hasCutout(request))) {
        const { entry } = await backgroundLater.removeBackground(request);
        if (entry) made.push(entry);
      }
    }
    keptAt = Date.now();
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.warn('A preview could not be prepared for a task', { error });
  }
  await undo.discard({ keys: [keys.upload, ...Object.values(keys.whole), ...Object.values(keys.small)] });
  await sleep(LIFE, { summary: 'A task with this photo may come' });
  await cacheLater.forgetUnused({ entries: made, since: new Date(keptAt).toISOString() });
  await undo.discard({ prefixes: [keys.prefix] });
}

/** Returns whether there is a cut-out. Without a person who stands out from the background there is none; a task then fails. */
async function showPerson(
  { previewId, owner, options }: PreviewInput,
  photoKey: string,
  person: Box,
  others: Box[],
): Promise<boolean> {
  const { small, cutout } = previewKeys(previewId, owner);
  try {
    await background.removeBackground({
      photoKey,
      person,
      others,
      applySmoothing: options.apply_smoothing,
      maskKey: small.mask,
      cutoutKey: small.cutout,
    });
  } catch (error) {
    if (codeOf(error) !== 'PERSON_NOT_FOUND') throw error;
    return false;
  }
  await pictures.drawCutout({ cutoutKey: small.cutout, pictureKey: cutout });
  return true;
}

/** Stores a picture of each face. Returns the checks, if the renderer has time for them. */
async function showFaces(
  { previewId, owner }: PreviewInput,
  photoKey: string,
  persons: Person[],
  scale: number,
) {
  if (persons.length === 0) return [];
  const keys = previewKeys(previewId, owner);
  let checks: FaceCheck[] | undefined;
  try {
    checks = await faces.checkFaces({ photoKey, people: persons.map(({ box }) => box), scale });
  } catch (error) {
    if (isCancellation(error)) throw error;
    log.warn('The faces of a preview were not checked', { error });
  }
  await pictures.drawFaces({
    photoKey,
    faces: persons.map(({ id, box }, index) => {
      const face = checks?.[index]?.box;
      return { key: keys.face(id), person: box, ...(face && { face }) };
    }),
  });
  return checks;
}

/** Whether the photo was turned by a quarter, which swaps its sides. */
function isOnSide({ turnedDegrees }: DetectPersonsResult): boolean {
  return turnedDegrees === 90 || turnedDegrees === 270;
}

/** What was found in a reduced photo, in pixels of the whole one. */
function enlarge(found: DetectPersonsResult, whole: { widthPx: number; heightPx: number }) {
  const scale = whole.widthPx / found.widthPx;
  const persons = found.persons.map((person) => ({ ...person, box: times(person.box as Box, scale) }));
  return { ...found, ...whole, persons };
}

function times(box: Box, scale: number): Box {
  return box.map((value) => value * scale) as Box;
}

function without(persons: DetectPersonsResult['persons'], id: number): Box[] {
  return persons.filter((person) => person.id !== id).map(({ box }) => box);
}
