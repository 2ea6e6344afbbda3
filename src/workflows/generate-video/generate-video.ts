import type { JobInput } from '../../contracts/schemas/job.ts';
import type { JobResult } from '../../contracts/schemas/job-outcome.ts';
import { ignoreFailure } from '../ignore-failure.ts';
import { animate } from './animate.ts';
import { deleteOriginals } from './delete-originals.ts';
import { detect } from './detect.ts';
import { failJob } from './fail-job.ts';
import { finish } from './finish.ts';
import { openJob } from './job.ts';
import { chooseRenderer } from './make-talk.ts';
import { prepare } from './prepare.ts';
import { publish } from './publish.ts';
import { removeBackground } from './remove-background.ts';
import { reuseVideo } from './reuse.ts';

/** Makes a talking video from a photo and a voice. If it fails or is cancelled, only the record of the job stays. */
export async function generateVideo(input: JobInput): Promise<JobResult> {
  const job = openJob(input);
  try {
    const video = await job.scope.run(async () => {
      const reused = await reuseVideo(job);
      if (reused) {
        await deleteOriginals(job);
        return reused;
      }
      const { photo, voiceS, warnings } = await prepare(job);
      await deleteOriginals(job);
      // Before the work that would be lost if the provider cannot be paid.
      const renderer = await chooseRenderer(job, voiceS);
      const people = await detect(job, photo);
      const cutout = await removeBackground(job, people);
      const talk = await animate(job, { renderer, voiceS, people });
      return finish(job, { warnings, people, cutout, talk });
    });
    return await publish(job, video);
  } catch (error) {
    return await failJob(job, error);
  } finally {
    await job.webhooks.flush();
    await ignoreFailure(job.claim.release(), 'the others find that this job has ended');
    await job.retryOffer.withdrawIfCancelled();
  }
}
