import type { JobOptions, ProviderName, StoredObject } from '../../contracts/job.ts';
import type { taskKeys } from '../../contracts/task-keys.ts';
import type { Compensations } from '../compensation.ts';
import type { Remains } from '../remote-talk/leftovers.ts';
import type { ProgressLog } from './progress-log.ts';
import type { TaskRecord } from './task-record.ts';

/** What a provider needs to know of the job. */
export interface TalkJob {
  taskId: string;
  options: JobOptions;
  keys: ReturnType<typeof taskKeys>;
  voiceS: number;
  progress: ProgressLog;
  record: TaskRecord;
  compensations: Compensations;
  /** What lies at a remote provider, once something may. */
  remains?: Remains;
}

/** The video, stored under the job's key. */
export interface Talk {
  provider: ProviderName;
  video: StoredObject;
  durationS: number;
  warnings: string[];
}
