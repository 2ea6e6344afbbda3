import { z } from 'zod';
import { RETRY_POINTS } from '../retry.ts';
import { FaceRefusal } from './face-refusal.ts';
import {
  ErrorCodeName,
  EXAMPLE_TASK_PATH,
  extensible,
  Instant,
  ProviderName,
  Sha256,
  TaskId,
} from './primitives.ts';
import { StageName } from './stage-event.ts';

export const Box = z.tuple([z.number(), z.number(), z.number(), z.number()]).meta({
  // OpenAPI generators read a tuple better as an array.
  type: 'array',
  description: 'Left, top, right, bottom in pixels of the upright photo.',
  example: [103, 52, 411, 498],
});
export type Box = z.infer<typeof Box>;

export const Person = extensible({
  id: z.int().min(1).describe('From 1, best first.'),
  confidence: z.number().min(0).max(1),
  box: Box,
}).meta({ id: 'Person' });
export type Person = z.infer<typeof Person>;

/** A move to another way to compute, after a device failed or ran out of memory. */
export const Fallback = extensible({
  from: z.string().meta({
    description: 'Model, input size and execution provider.',
    example: 'birefnet at 1024 px on cuda',
  }),
  to: z.string(),
  reason: z.string(),
});
export type Fallback = z.infer<typeof Fallback>;

const fallbacks = z
  .array(Fallback)
  .optional()
  .describe('Moves to other ways to compute, after a device failed. Absent if there were none.');

const execution_time_ms = z.number().meta({
  description: 'Milliseconds from submission, or from the latest retry, to the end.',
  example: 41_250,
});

/** The successful end of a job: facts only. The API adds the URLs, see `TaskResult`. */
export const JobResult = extensible({
  task_id: TaskId,
  success: z.literal(true),
  execution_time_ms,
  metadata: extensible({
    person_detection: extensible({
      total_persons: z.int(),
      selected_person_id: z.int(),
      confidence: z.number(),
      persons: z.array(Person),
      turned_degrees: z
        .union([z.literal(90), z.literal(180), z.literal(270)])
        .optional()
        .describe(
          'How far the photo was turned clockwise, because its faces lay on their side or were upside down. Boxes refer to the turned photo. Absent if it was not turned.',
        ),
      fallbacks,
    }),
    background_removal: extensible({
      input_size: z.int().meta({ example: 1024 }),
      fallbacks,
    }),
    provider: extensible({
      name: ProviderName,
      degraded: z.boolean().describe('Whether another provider than the chosen one made the video.'),
    }),
    video: extensible({
      width_px: z.int().meta({ example: 512 }),
      height_px: z.int().meta({ example: 512 }),
      duration_s: z.number().meta({ example: 11.04 }),
      bytes: z.int().meta({ example: 1_204_331 }),
      sha256: Sha256,
      content_type: z.string().meta({ example: 'video/mp4' }),
    }),
    timings_ms: z
      .record(z.string(), z.number())
      .describe('Milliseconds of wall time for each stage, including time in queues.'),
    cached: z.array(z.string()).describe('Stages whose result came from the cache.'),
    warnings: z.array(z.string()).meta({ example: ['The face is small: 96 px'] }),
  }),
});
export type JobResult = z.infer<typeof JobResult>;

export const JobError = extensible({
  code: ErrorCodeName,
  message: z.string().describe('What was expected, what was found, and what to change.'),
  stage: StageName.describe('The stage that failed.'),
  retryable: z.boolean().describe('Whether the same submission may succeed later.'),
  face: FaceRefusal.optional().describe('What is wrong with the face, if that is why the task failed.'),
  compensated: z.array(z.string()).describe('The undo steps that ran, newest first.'),
  retry: extensible({ from: z.array(z.enum(RETRY_POINTS)), until: Instant })
    .optional()
    .describe('Where `POST …/retry` can continue, and until when. Absent if the task cannot be retried.'),
}).meta({ id: 'TaskError' });
export type JobError = z.infer<typeof JobError>;

/** The unsuccessful end of a job. */
export const JobFailure = extensible({
  task_id: TaskId,
  success: z.literal(false),
  execution_time_ms,
  error: JobError,
}).meta({ id: 'Failure' });
export type JobFailure = z.infer<typeof JobFailure>;

export const JobOutcome = z.discriminatedUnion('success', [JobResult, JobFailure]);
export type JobOutcome = z.infer<typeof JobOutcome>;

const { metadata } = JobResult.shape;

/** A `JobResult` as clients receive it, with the URLs of the task's files. */
export const TaskResult = JobResult.extend({
  video_url: z.string().meta({ example: `${EXAMPLE_TASK_PATH}/video` }),
  metadata: metadata.extend({
    background_removal: metadata.shape.background_removal.extend({
      mask_url: z.string().meta({ example: `${EXAMPLE_TASK_PATH}/mask` }),
      cutout_url: z.string().meta({ example: `${EXAMPLE_TASK_PATH}/cutout` }),
    }),
  }),
}).meta({ id: 'Result' });
export type TaskResult = z.infer<typeof TaskResult>;

export const TaskOutcome = z.union([TaskResult, JobFailure]);
export type TaskOutcome = z.infer<typeof TaskOutcome>;
