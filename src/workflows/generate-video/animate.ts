import { ActivityFailure, isCancellation } from '@temporalio/workflow';
import { refusal, toJobError } from '../job-error.ts';
import type { People } from './detect.ts';
import type { Job } from './job.ts';
import { makeTalk, type Renderer } from './make-talk.ts';
import type { Talk, TalkJob } from './talk.ts';

/** The part of a job that renderers need. */
export function toTalkJob(job: Job, voiceS: number): TalkJob {
  const { input, keys, progress, record, compensations, remoteTalk, onDiskFull } = job;
  const { taskId, provider, fallback, options } = input;
  return {
    taskId,
    provider,
    fallback,
    options,
    keys,
    voiceS,
    remoteTalk,
    progress,
    compensations,
    onPaid: (usage) => record.addUsage(usage),
    onDiskFull,
  };
}

/** Has the renderer make the talking video of the selected person. */
export async function animate(
  { progress, record }: Job,
  talkJob: TalkJob,
  renderer: Renderer,
  people: People,
): Promise<Talk & { isDegraded: boolean }> {
  let talk: Awaited<ReturnType<typeof makeTalk>>;
  try {
    talk = await makeTalk(talkJob, renderer);
  } catch (error) {
    throw suggestOtherPeople(error, people);
  }
  record.addObjects(talk.video);
  record.leaveRemote(talk.remote);
  progress.enter('DID_COMPLETE', `${talk.durationS.toFixed(1)} s of video are rendered`, {
    warnings: talk.warnings,
  });
  return talk;
}

/** If the face cannot be animated and the photo shows other people, the message suggests to choose one of them. */
function suggestOtherPeople(error: unknown, { all, selected }: People): unknown {
  if (isCancellation(error) || all.length === 1) {
    return error;
  }
  const { code, message } = toJobError(error);
  if (code !== 'FACE_NOT_FOUND' && code !== 'FACE_UNSUITABLE') {
    return error;
  }
  return refusal(
    code,
    `${message} Or choose another person: the photo shows ${all.length}, and this is #${selected.id}.`,
    error instanceof ActivityFailure ? error : undefined,
  );
}
