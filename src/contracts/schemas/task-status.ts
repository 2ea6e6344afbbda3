import { z } from 'zod';
import { Consent } from './job.ts';
import { JobError, Person, TaskResult } from './job-outcome.ts';
import {
  ErrorCodeName,
  EXAMPLE_TASK_ID,
  EXAMPLE_TASK_PATH,
  Instant,
  ProviderName,
  TaskId,
  TaskName,
} from './primitives.ts';
import { progressFields, StageName } from './stage-event.ts';

/** Where a task waits for a slot. */
export const QueuePlace = z.object({
  name: z.string().meta({ example: 'birefnet' }),
  position: z
    .int()
    .min(1)
    .describe('1 is next. An estimate: tasks with a higher priority may still overtake.'),
  length: z.int().describe('How many tasks wait in this queue.'),
});
export type QueuePlace = z.infer<typeof QueuePlace>;

/** Half of such tasks end by `p50`, 90 % by `p90`. */
export const Eta = z.object({
  p50: Instant,
  p90: Instant,
  stages_ms: z
    .partialRecord(StageName, z.number())
    .describe('Expected milliseconds of work in each stage, for a bar that moves evenly.')
    .meta({ example: { DETECTION_RUNNING: 250, DID_PROCESSING: 3850 } }),
});
export type Eta = z.infer<typeof Eta>;

export const TaskStatus = z
  .object({
    task_id: TaskId,
    name: TaskName.optional(),
    provider: ProviderName.optional().describe('The provider that the task was submitted for.'),
    consent: Consent.optional().describe(
      'The declaration that the people in the files have agreed. Absent if there was none.',
    ),
    stage: StageName,
    ...progressFields,
    submitted_at: Instant,
    updated_at: Instant,
    attempts: z.int().min(1).optional().describe('Attempts of the step that runs now.'),
    queue: QueuePlace.optional().describe('Where the task waits for a slot.'),
    eta: Eta.optional().describe(
      'Half of such tasks end by `p50`, 90 % by `p90`. From the tasks of the last day, the length of the voice and the frames so far. Absent while the task waits for a choice, disk space or a provider, and for a remote provider that has made no video yet.',
    ),
    choice: z
      .object({ persons: z.array(Person) })
      .optional()
      .describe('The task waits for `POST …/person` with one of these.'),
    result: TaskResult.optional(),
    error: JobError.optional(),
  })
  .meta({ id: 'TaskStatus' });
export type TaskStatus = z.infer<typeof TaskStatus>;

export const TaskUrls = z.object({
  status_url: z.string().meta({ example: `/api/pipeline/status/${EXAMPLE_TASK_ID}` }),
  events_url: z.string().meta({ example: `/api/pipeline/progress/${EXAMPLE_TASK_ID}/events` }),
  video_url: z.string().meta({ example: `${EXAMPLE_TASK_PATH}/video` }),
  cancel_url: z.string().meta({ example: `${EXAMPLE_TASK_PATH}/cancel` }),
});
export type TaskUrls = z.infer<typeof TaskUrls>;

/** The answer to a submission. */
export const AcceptedTask = TaskUrls.extend({
  task_id: z.uuid().meta({ example: EXAMPLE_TASK_ID }),
  submitted_at: Instant,
}).meta({ id: 'Accepted' });
export type AcceptedTask = z.infer<typeof AcceptedTask>;

export const TaskState = z.enum(['running', 'completed', 'failed', 'cancelled']);
export type TaskState = z.infer<typeof TaskState>;

export const TaskSummary = z
  .object({
    task_id: TaskId,
    name: TaskName.optional(),
    stage: StageName,
    status: TaskState,
    provider: ProviderName.optional(),
    error_code: ErrorCodeName.optional().describe('Why a failed task failed.'),
    submitted_at: Instant,
    ended_at: Instant.optional(),
  })
  .meta({ id: 'TaskSummary' });
export type TaskSummary = z.infer<typeof TaskSummary>;

export const TaskList = z
  .object({
    tasks: z.array(TaskSummary),
    next_cursor: z.string().optional().describe('For the next page. Absent on the last page.'),
  })
  .meta({ id: 'TaskList' });
export type TaskList = z.infer<typeof TaskList>;

/** A URL that gives access to one resource of a task without a key. */
export const Link = z
  .object({
    url: z.string().meta({ example: '/api/pipeline/tasks/…/video?expires=1790000000&signature=…' }),
    page_url: z
      .string()
      .optional()
      .describe('Of a page that plays the video, for people. Only for a link to the video.')
      .meta({ example: '/watch/…?expires=1790000000&signature=…' }),
    expires_at: Instant,
  })
  .meta({ id: 'Link' });
export type Link = z.infer<typeof Link>;
