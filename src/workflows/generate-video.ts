import { ApplicationFailure, CancellationScope, isCancellation } from '@temporalio/workflow';
import type { JobFailure, JobInput, JobResult, Person, StoredObject } from '../contracts/job.ts';
import { taskKeys, taskPrefix } from '../contracts/task-keys.ts';
import { composition, media, undo, video } from './activities.ts';
import { Compensations } from './compensation.ts';
import { withDeadline } from './deadline.ts';
import { toJobError } from './job-error.ts';
import { describeLadder, pickLadder } from './ladder-words.ts';
import { chooseRenderer, makeTalk } from './make-talk.ts';
import { choosePerson } from './person-choice.ts';
import { ProgressLog } from './progress-log.ts';
import { Reuse } from './reuse.ts';
import { onWaitForRoom } from './room.ts';
import { TaskRecord } from './task-record.ts';
import { WebhookOutbox } from './webhooks/webhook-outbox.ts';

/**
 * A photo and a voice in, a talking video out. After a failure or a cancellation nothing is left of the job but the
 * record of it.
 */
export async function generateVideo(input: JobInput): Promise<JobResult> {
  const record = new TaskRecord(input);
  const webhooks = new WebhookOutbox(input);
  const progress = new ProgressLog(
    input.taskId,
    (events) => record.keep(events),
    (event) => webhooks.tell(event),
  );
  const compensations = new Compensations();
  const reuse = new Reuse({ input, progress, record, compensations });
  const { submittedAt, options } = input;
  onWaitForRoom((message) => progress.tell(message, { waiting_for: 'room' }));
  const deadline = {
    at: new Date(Date.parse(submittedAt) + options.deadlineS * 1000),
    seconds: options.deadlineS,
  };
  try {
    const result = await withDeadline(deadline, () =>
      runStages(input, progress, record, compensations, reuse),
    );
    // From here on the video is there: a cancellation that comes now comes too late.
    await CancellationScope.nonCancellable(async () => {
      const end = progress.prepareEnd('COMPLETED', 'The video is ready', result);
      await record.write([...progress.events, end], result);
      progress.end(end, result);
    });
    return result;
  } catch (error) {
    const failure = await undoAndRecord(error, input, progress, record, compensations);
    if (isCancellation(error)) {
      throw error;
    }
    const { code, message } = failure.error;
    throw ApplicationFailure.create({ type: code, message, nonRetryable: true, cause: error as Error });
  } finally {
    await webhooks.flush();
    await reuse.end();
  }
}

async function runStages(
  input: JobInput,
  progress: ProgressLog,
  record: TaskRecord,
  compensations: Compensations,
  reuse: Reuse,
): Promise<JobResult> {
  const { taskId, options } = input;
  const keys = taskKeys(taskId);

  progress.enter('INITIALIZED', 'Accepted: photo and voice are being checked');
  compensations.add('uploads', () => undo.discard({ prefixes: [taskPrefix('uploads', taskId)] }));
  compensations.add('processed files', () => undo.discard({ prefixes: [taskPrefix('processed', taskId)] }));
  const sameResult = await reuse.findResult();
  if (sameResult) {
    return sameResult;
  }
  const prepared = await media.prepareMedia({
    imageKey: input.image.key,
    audioKey: input.audio.key,
    ...(input.backgroundImage && { backgroundImageKey: input.backgroundImage.key }),
    photoKey: keys.photo,
    voiceKey: keys.voice,
    backdropKey: keys.backdrop,
  });
  record.addObjects(...prepared.stored);
  const { photo, voice } = prepared;
  progress.enter(
    'UPLOAD_COMPLETE',
    `Photo of ${photo.widthPx} x ${photo.heightPx} pixels and ${voice.durationS.toFixed(1)} s of voice are in order`,
    { photo, voice },
  );
  const talkJob = { taskId, options, keys, voiceS: voice.durationS, progress, record, compensations };
  const renderer = await chooseRenderer(talkJob);

  progress.enter('DETECTION_RUNNING', 'Looking for persons in the photo');
  const [photoObject] = prepared.stored as [StoredObject];
  const detected = await reuse.detectPersons(photoObject);
  const person = choosePerson(detected, options);
  const choice = describeChoice(detected.persons, person) + reuse.describe('DETECTION_RUNNING');
  progress.enter('DETECTION_COMPLETE', choice + describeLadder(detected), {
    ...reuse.detailsOf('DETECTION_RUNNING'),
    persons: detected.persons,
    selected_person_id: person.id,
    ...pickLadder(detected),
  });

  progress.enter('BACKGROUND_REMOVAL_RUNNING', `Cutting person #${person.id} out of the photo`);
  const removed = await reuse.removeBackground(photoObject, {
    person: person.box,
    others: detected.persons.filter(({ id }) => id !== person.id).map(({ box }) => box),
    applySmoothing: options.applySmoothing,
    maskKey: keys.mask,
    cutoutKey: keys.cutout,
  });
  record.addObjects(removed.mask, removed.cutout);
  record.addObjects(
    ...(await composition.composePortrait({
      photoKey: keys.photo,
      cutoutKey: keys.cutout,
      background: options.background,
      ...(input.backgroundImage && { backdropKey: keys.backdrop }),
      plateKey: keys.plate,
      portraitKey: keys.portrait,
    })),
  );
  progress.enter(
    'BACKGROUND_REMOVAL_COMPLETE',
    `Person #${person.id} is cut out and stands on the chosen background${reuse.describe('BACKGROUND_REMOVAL_RUNNING')}${describeLadder(removed)}`,
    {
      ...reuse.detailsOf('BACKGROUND_REMOVAL_RUNNING'),
      input_size: removed.inputSize,
      coverage: removed.coverage,
      ...pickLadder(removed),
    },
  );

  const talk = await makeTalk(talkJob, renderer);
  record.addObjects(talk.video);
  progress.enter('DID_COMPLETE', `${talk.durationS.toFixed(1)} s of video are rendered`, {
    warnings: talk.warnings,
  });

  progress.enter('FINALIZING', 'Checking that the video plays, and storing it');
  const finished = await video.finishVideo({ videoKey: keys.video, thumbnailKey: keys.thumbnail });
  record.addObjects(finished.thumbnail);

  const files = `/api/pipeline/tasks/${taskId}`;
  const result: JobResult = {
    task_id: taskId,
    success: true,
    video_url: `${files}/video`,
    execution_time_ms: record.ageMs,
    metadata: {
      person_detection: {
        total_persons: detected.persons.length,
        selected_person_id: person.id,
        confidence: person.confidence,
        persons: detected.persons,
        ...pickLadder(detected),
      },
      background_removal: {
        input_size: removed.inputSize,
        mask_url: `${files}/mask`,
        cutout_url: `${files}/cutout`,
        ...pickLadder(removed),
      },
      provider: { name: talk.provider, degraded: talk.isDegraded },
      video: {
        width_px: finished.widthPx,
        height_px: finished.heightPx,
        duration_s: finished.durationS,
        bytes: talk.video.bytes,
        sha256: talk.video.sha256,
      },
      timings_ms: progress.timingsMs(),
      cached: reuse.stages,
      warnings: talk.warnings,
    },
  };
  await reuse.keepResult(result);
  return result;
}

function describeChoice(persons: Person[], selected: Person): string {
  const found = persons.length === 1 ? 'Detected 1 person' : `Detected ${persons.length} persons`;
  return `${found}, selected person #${selected.id}`;
}

/** Undoes everything, then writes and tells the end: FAILED or CANCELLED. */
async function undoAndRecord(
  error: unknown,
  input: JobInput,
  progress: ProgressLog,
  record: TaskRecord,
  compensations: Compensations,
): Promise<JobFailure> {
  const stage = progress.stage;
  const compensated = await compensations.run();
  record.forgetObjects();
  const failure: JobFailure = {
    task_id: input.taskId,
    success: false,
    execution_time_ms: record.ageMs,
    error: { ...toJobError(error), stage, compensated },
  };
  await CancellationScope.nonCancellable(async () => {
    const end = progress.prepareEnd(
      isCancellation(error) ? 'CANCELLED' : 'FAILED',
      failure.error.message,
      failure,
    );
    await record.write([...progress.events, end], failure);
    progress.end(end, failure);
  });
  return failure;
}
