import { DEFAULT_BACKGROUND, type JobOptions } from '../../src/contracts/job.ts';

/** What a job of the built-in renderer gets where its client says nothing, but that each test makes its own. */
export const JOB_OPTIONS: JobOptions = {
  confThreshold: 0.5,
  applySmoothing: true,
  persons: 'auto',
  background: DEFAULT_BACKGROUND,
  provider: 'local',
  onOutage: 'wait',
  deadlineS: 3600,
  priority: 3,
  cache: 'no-store',
};
