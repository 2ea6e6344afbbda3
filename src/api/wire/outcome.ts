import { z } from '@hono/zod-openapi';
import type { ErrorCode } from '../../contracts/error-codes.ts';
import type { JobFailure, JobResult } from '../../contracts/job.ts';
import { RETRY_POINTS } from '../../contracts/retry.ts';
import { STAGE_PERCENT, type Stage } from '../../contracts/stages.ts';
import { Instant, TASK_ID } from './task.ts';

export const StageName = z
  .enum([...Object.keys(STAGE_PERCENT), 'FAILED', 'CANCELLED'] as Stage[])
  .openapi('Stage', { description: 'The stages of a task in their order, then its unsuccessful ends.' });

const TASK = `/api/pipeline/tasks/${TASK_ID}`;

const Fallbacks = z
  .array(z.object({ from: z.string(), to: z.string(), reason: z.string() }))
  .optional()
  .openapi({
    description: 'Moves to other ways to compute, after a device failed; absent if there were none.',
  });

export const Person = z
  .object({
    id: z.int().min(1),
    confidence: z.number().min(0).max(1),
    box: z.tuple([z.number(), z.number(), z.number(), z.number()]).openapi({
      type: 'array',
      description: 'Left, top, right, bottom in pixels of the upright photo.',
      example: [103, 52, 411, 498],
    }),
  })
  .openapi('Person');

export const Result = z
  .object({
    task_id: z.string().openapi({ example: TASK_ID }),
    success: z.literal(true),
    video_url: z.string().openapi({ example: `${TASK}/video` }),
    execution_time_ms: z.number().openapi({ example: 41_250 }),
    metadata: z.object({
      person_detection: z.object({
        total_persons: z.int(),
        selected_person_id: z.int(),
        confidence: z.number(),
        persons: z.array(Person),
        fallbacks: Fallbacks,
      }),
      background_removal: z.object({
        input_size: z.int().openapi({ example: 1024 }),
        mask_url: z.string().openapi({ example: `${TASK}/mask` }),
        cutout_url: z.string().openapi({ example: `${TASK}/cutout` }),
        fallbacks: Fallbacks,
      }),
      provider: z.object({
        name: z.string().openapi({ example: 'local' }),
        degraded: z.boolean().openapi({ description: 'Another one than asked for made the video.' }),
      }),
      video: z.object({
        width_px: z.int().openapi({ example: 512 }),
        height_px: z.int().openapi({ example: 512 }),
        duration_s: z.number().openapi({ example: 11.04 }),
        bytes: z.int().openapi({ example: 1_204_331 }),
        sha256: z.string(),
        content_type: z.string().optional().openapi({ example: 'video/mp4' }),
      }),
      timings_ms: z
        .record(z.string(), z.number())
        .openapi({ description: 'Wall milliseconds by stage, queue time included.' }),
      cached: z.array(z.string()).openapi({ description: 'Stages that were answered from the cache.' }),
      warnings: z.array(z.string()),
    }),
  })
  .openapi('Result') satisfies z.ZodType<JobResult>;

export const Failure = z
  .object({
    task_id: z.string().openapi({ example: TASK_ID }),
    success: z.literal(false),
    execution_time_ms: z.number(),
    error: z
      .object({
        code: z.string().openapi({ example: 'PERSON_NOT_FOUND' }) as unknown as z.ZodType<ErrorCode>,
        message: z.string().openapi({ description: 'What was expected, what was found, what to change.' }),
        stage: StageName.openapi({ description: 'The stage that failed.' }),
        retryable: z.boolean().openapi({ description: 'Whether the same submission may succeed later.' }),
        retry: z
          .object({ from: z.array(z.enum(RETRY_POINTS)), until: Instant })
          .optional()
          .openapi({ description: 'Where `POST …/retry` can go on, and until when.' }),
        compensated: z.array(z.string()).openapi({ description: 'The undo steps that ran, newest first.' }),
      })
      .openapi('TaskError'),
  })
  .openapi('Failure') satisfies z.ZodType<JobFailure>;

export const Outcome = z.union([Result, Failure]);
