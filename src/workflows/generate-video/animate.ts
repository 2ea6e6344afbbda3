import { ActivityFailure, isCancellation } from '@temporalio/workflow';
import { refusal, toJobError } from '../job-error.ts';
import type { People } from './detect.ts';
import type { Job } from './job.ts';
import { makeTalk, type Renderer, type Talk } from './make-talk.ts';

/** Has the renderer make the talking video of the selected person. */
export async function animate(
  job: Job,
  { renderer, voiceS, people }: { renderer: Renderer; voiceS: number; people: People },
): Promise<Talk> {
  const { progress, record } = job;
  let talk: Talk;
  try {
    talk = await makeTalk(job, renderer, voiceS);
  } catch (error) {
    throw suggestOtherPeople(error, people);
  }
  record.addObjects(talk.video);
  record.setRemoteThings(talk.remote);
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
  const { code, message, face } = toJobError(error);
  if (code !== 'FACE_NOT_FOUND' && code !== 'FACE_UNSUITABLE') {
    return error;
  }
  return refusal(
    code,
    `${message} Or choose another person: the photo shows ${all.length}, and this is #${selected.id}.`,
    error instanceof ActivityFailure ? error : undefined,
    face,
  );
}
