import { JobOptions } from '../../src/contracts/schemas/job-options.ts';

/** What a job of the built-in renderer gets if its client chooses nothing, without the content cache. */
export const JOB_OPTIONS: JobOptions = JobOptions.parse({
  conf_threshold: 0.5,
  provider: 'local',
  cache: 'no-store',
});
