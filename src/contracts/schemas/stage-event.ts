import { z } from 'zod';
import { RUNNING_STAGES } from '../stages.ts';
import { ErrorCodeName, EXAMPLE_TASK_ID, extensible, Instant, TaskId } from './primitives.ts';

export const StageName = z.enum([...RUNNING_STAGES, 'FAILED', 'CANCELLED']).meta({
  id: 'Stage',
  description: 'The stages of a task in order, then the two ways it can end without a video.',
});

export const progressFields = {
  progress_percent: z.number().min(0).max(100).meta({ example: 40 }),
  message: z.string().meta({ description: 'For people.', example: 'Detected 3 people, selected person #1' }),
};

/** One step of a job, as the workflow reports it and the record keeps it. */
export const StageEvent = extensible({
  seq: z
    .int()
    .min(1)
    .describe('Strictly increasing from 1 within a task: the `id:` of the server-sent event.'),
  task_id: TaskId,
  event_type: z.literal('stage_update'),
  data: extensible({
    stage: StageName,
    ...progressFields,
    details: z
      .record(z.string(), z.unknown())
      .optional()
      .describe('Facts of the stage for programs. The last event has the whole `outcome`.'),
  }),
  timestamp: Instant,
});
export type StageEvent = z.infer<typeof StageEvent>;

/** A `StageEvent` as clients receive it, by server-sent events, WebSocket and webhook. */
export const TaskEvent = StageEvent.extend({
  progress_percent: progressFields.progress_percent.describe('The same as in `data`.'),
  message: progressFields.message.describe('The same as in `data`.'),
}).meta({ id: 'TaskEvent' });
export type TaskEvent = z.infer<typeof TaskEvent>;

/** Progress within a long stage. It has no `seq`, so a client that reconnects does not receive it again. */
export const ActivityProgressEvent = TaskEvent.omit({ seq: true }).extend({
  event_type: z.literal('activity_progress'),
});
export type ActivityProgressEvent = z.infer<typeof ActivityProgressEvent>;

/** A sign of life on a connection without news. */
export const HeartbeatEvent = z.object({
  task_id: TaskId,
  event_type: z.literal('heartbeat'),
  ...progressFields,
  data: z.object({}),
  timestamp: Instant,
});
export type HeartbeatEvent = z.infer<typeof HeartbeatEvent>;

/** Follows the last event of a task in a stream of several tasks. */
export const EndEvent = z.object({
  task_id: TaskId,
  code: ErrorCodeName.optional().describe('`TASK_NOT_FOUND` if there is no such task.'),
});
export type EndEvent = z.infer<typeof EndEvent>;

/** An event as it is sent, for the documentation of streams. */
export const EXAMPLE_TASK_EVENT: TaskEvent = {
  seq: 4,
  task_id: EXAMPLE_TASK_ID,
  event_type: 'stage_update',
  progress_percent: 40,
  message: 'Detected 3 people, selected person #1',
  timestamp: '2026-11-25T09:30:00.000Z',
  data: {
    stage: 'DETECTION_COMPLETE',
    progress_percent: 40,
    message: 'Detected 3 people, selected person #1',
  },
};
