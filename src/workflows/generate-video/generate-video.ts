import { ApplicationFailure, CancellationScope, isCancellation } from '@temporalio/workflow';
import type { JobInput, StoredObject } from '../../contracts/schemas/job.ts';
import type { JobResult, Person } from '../../contracts/schemas/job-outcome.ts';
import { taskKeys, taskPrefix } from '../../contracts/task-keys.ts';
import { VIDEO_TYPES, videoFormatOf } from '../../contracts/video-format.ts';
import { composition, media, undo, video } from '../activities.ts';
import { onWaitForRoom } from '../disk-space-wait.ts';
import { CancelRequest } from './cancel-request.ts';
import { withDeadline } from './deadline.ts';
import { describeFallbacks, pickFallbacks } from './degraded-words.ts';
import { failJob } from './fail-job.ts';
import { type Job, openJob } from './job.ts';
import { chooseRenderer, makeTalk } from './make-talk.ts';
import { withOtherPersons } from './other-people.ts';
import type { TalkJob } from './talk.ts';

/**
 * A photo and a voice in, a talking video out. After a failure or a cancellation nothing is left of the job but the
 * record of it.
 */
export async function generateVideo(input: JobInput): Promise<JobResult> {
  const job = openJob(input);
  const cancel = new CancelRequest();
  const { progress, record, reuse, webhooks } = job;
  const { deadline_s } = input.options;
  const beganAt = Date.parse(input.resume?.at ?? input.submittedAt);
  const deadline = { at: new Date(beganAt + deadline_s * 1000), seconds: deadline_s };
  onWaitForRoom((message) => progress.tell(message, { waiting_for: 'room' }));
  try {
    const result = await cancel.run(() => withDeadline(deadline, () => runStages(job)));
    cancel.close();
    // From here on the video is there: a cancellation that comes now comes too late.
    await CancellationScope.nonCancellable(async () => {
      const end = progress.prepareEnd('COMPLETED', 'The video is ready', result);
      await record.write([...progress.events, end], result);
      progress.end(end, result);
    });
    return result;
  } catch (error) {
    const failure = await failJob(error, job);
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

async function runStages(job: Job): Promise<JobResult> {
  const { input, progress, record, compensations, steps, reuse } = job;
  const { taskId, options } = input;
  const keys = taskKeys(taskId, videoFormatOf(options));

  const discard = (tier: 'uploads' | 'processed') => undo.discard({ prefixes: [taskPrefix(tier, taskId)] });
  compensations.add(
    'uploads',
    () => discard('uploads'),
    () => true,
  );
  compensations.add(
    'processed files',
    () => discard('processed'),
    () => true,
  );

  const begun = await steps.once('upload', async () => {
    progress.enter('INITIALIZED', 'Accepted: photo and voice are being checked');
    const sameResult = await reuse.findResult();
    if (sameResult) {
      return { sameResult };
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
    return prepared;
  });
  if ('sameResult' in begun) {
    return begun.sameResult;
  }
  const [photoObject] = begun.stored as [StoredObject];
  const voiceS = begun.voice.durationS;
  const talkJob: TalkJob = {
    taskId,
    provider: input.provider,
    fallback: input.fallback,
    options,
    keys,
    voiceS,
    remoteTalk: job.remoteTalk,
    progress,
    compensations,
    onPaid: (usage) => record.addUsage(usage),
  };
  const renderer = await chooseRenderer(talkJob);

  const { detected, person } = await steps.once('detection', async () => {
    progress.enter('DETECTION_RUNNING', 'Looking for persons in the photo');
    const detected = await reuse.detectPersons(photoObject);
    const person = await job.choice.choose(detected, (persons) =>
      progress.enter('DETECTION_COMPLETE', `Detected ${persons.length} persons: choose one of them`, {
        persons,
        waiting_for: 'person',
      }),
    );
    const choice = describeChoice(detected.persons, person) + reuse.describe('DETECTION_RUNNING');
    progress.enter('DETECTION_COMPLETE', choice + describeFallbacks(detected), {
      ...reuse.detailsOf('DETECTION_RUNNING'),
      persons: detected.persons,
      selected_person_id: person.id,
      ...pickFallbacks(detected),
    });
    return { detected, person };
  });

  const removed = await steps.once('background', async () => {
    progress.enter('BACKGROUND_REMOVAL_RUNNING', `Cutting person #${person.id} out of the photo`);
    const removed = await reuse.removeBackground(photoObject, {
      person: person.box,
      others: detected.persons.filter(({ id }) => id !== person.id).map(({ box }) => box),
      applySmoothing: options.apply_smoothing,
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
      `Person #${person.id} is cut out and stands on the chosen background${reuse.describe('BACKGROUND_REMOVAL_RUNNING')}${describeFallbacks(removed)}`,
      {
        ...reuse.detailsOf('BACKGROUND_REMOVAL_RUNNING'),
        input_size: removed.inputSize,
        coverage: removed.coverage,
        ...pickFallbacks(removed),
      },
    );
    return removed;
  });

  let talk: Awaited<ReturnType<typeof makeTalk>>;
  try {
    talk = await makeTalk(talkJob, renderer);
  } catch (error) {
    throw withOtherPersons(error, detected.persons, person);
  }
  record.addObjects(talk.video);
  record.leaveRemote(talk.remote);
  progress.enter('DID_COMPLETE', `${talk.durationS.toFixed(1)} s of video are rendered`, {
    warnings: talk.warnings,
  });

  progress.enter('FINALIZING', 'Checking that the video plays, and storing it');
  const finished = await video.finishVideo({ videoKey: keys.video, thumbnailKey: keys.thumbnail });
  record.addObjects(finished.thumbnail);

  const result: JobResult = {
    task_id: taskId,
    success: true,
    execution_time_ms: record.ageMs,
    metadata: {
      person_detection: {
        total_persons: detected.persons.length,
        selected_person_id: person.id,
        confidence: person.confidence,
        persons: detected.persons,
        ...pickFallbacks(detected),
      },
      background_removal: {
        input_size: removed.inputSize,
        ...pickFallbacks(removed),
      },
      provider: { name: talk.provider, degraded: talk.isDegraded },
      video: {
        width_px: finished.widthPx,
        height_px: finished.heightPx,
        duration_s: finished.durationS,
        bytes: talk.video.bytes,
        sha256: talk.video.sha256,
        content_type: VIDEO_TYPES[videoFormatOf(options)],
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
