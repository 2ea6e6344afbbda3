import type { ProviderFacts, ProviderUsage, StoredObject } from '../../contracts/schemas/job.ts';
import type { JobOptions } from '../../contracts/schemas/job-options.ts';
import type { taskKeys } from '../../contracts/task-keys.ts';
import type { Compensations } from '../compensation.ts';
import type { RemoteTalk } from '../remote-talk/remote-talk.ts';
import type { ProgressLog } from './progress-log.ts';

/** Everything about a job that matters for making its video. */
export interface TalkJob {
  taskId: string;
  provider: ProviderFacts;
  /** Takes over if the provider is out and the job was submitted with `on_outage=local`. */
  fallback?: ProviderFacts | undefined;
  options: Pick<JobOptions, 'background' | 'on_outage'>;
  keys: ReturnType<typeof taskKeys>;
  voiceS: number;
  /** Absent if the provider is a local one. */
  remoteTalk: RemoteTalk | undefined;
  progress: Pick<ProgressLog, 'enter'>;
  compensations: Compensations;
  /** Called once a talk is paid, however the job ends. */
  onPaid: (usage: ProviderUsage) => void;
  /** Called each time that an activity begins to wait for disk space. */
  onDiskFull: () => void;
}

/** The video, stored under the job's key. */
export interface Talk {
  /** Name of the provider that made it. */
  provider: string;
  video: StoredObject;
  durationS: number;
  warnings: string[];
}
