import { z } from 'zod';
import { Consent, ProviderUsage, RemoteThing, StoredObject } from './job.ts';
import { JobOptions } from './job-options.ts';
import { JobOutcome } from './job-outcome.ts';
import { extensible, Instant, TaskId } from './primitives.ts';
import { StageEvent } from './stage-event.ts';
import { Timeline } from './timeline.ts';

/**
 * `metadata.json`: everything needed to answer status, events and result after Temporal has deleted the job. It may be
 * stored for years: fields are added, never renamed, and a reader refuses a `schema_version` above its own.
 */
export const TaskMetadata = extensible({
  schema_version: z.literal(1),
  task_id: TaskId,
  fingerprint: z.string(),
  submitted_at: Instant,
  updated_at: Instant,
  owner: z.string().optional().describe('The name of the API key that the task belongs to.'),
  consent: Consent.optional().describe('Absent if none was declared.'),
  options: JobOptions,
  objects: z.array(StoredObject).describe('The objects of this task that should exist now.'),
  events: z.array(StageEvent),
  cache_entries: z
    .array(z.string())
    .optional()
    .describe('Folders of the content cache with something of this task. Other tasks may use them too.'),
  usage: z.array(ProviderUsage).optional().describe('Talks that were paid for, however the task ended.'),
  remote: z
    .array(RemoteThing)
    .optional()
    .describe('What is still stored at the provider. It is erased with the task.'),
  timeline: Timeline.optional().describe(
    'Where the time went, from the history, which Temporal deletes later.',
  ),
  outcome: JobOutcome.optional().describe('Absent while the task runs.'),
});
export type TaskMetadata = z.infer<typeof TaskMetadata>;
