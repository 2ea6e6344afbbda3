import { z } from 'zod';
import { type ErrorCode, isErrorCode } from '../contracts/error-codes.ts';
import type {
  Background,
  Box,
  CacheChoice,
  JobOptions,
  OutageChoice,
  TaskMetadata,
} from '../contracts/job.ts';
import { STAGE_PERCENT, type Stage } from '../contracts/stages.ts';

/**
 * `metadata.json` as it may lie there for years: what is there must be right, what a later Limelight added is kept.
 * Names that it added to a list (providers, error codes) do not make the record unreadable.
 */
const StoredObject = z.looseObject({
  key: z.string().min(1),
  bytes: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

const Options: z.ZodType<JobOptions> = z.looseObject({
  confThreshold: z.number(),
  applySmoothing: z.boolean(),
  persons: z.union([z.enum(['auto', 'ask']), z.int().min(1)]),
  background: z.string().transform((background) => background as Background),
  provider: z.string(),
  onOutage: z
    .string()
    .default('wait')
    .transform((choice) => choice as OutageChoice),
  deadlineS: z.number(),
  priority: z.int(),
  cache: z
    .string()
    .default('use')
    .transform((choice) => choice as CacheChoice),
  retentionDays: z.number().positive().optional(),
});

const StageName = z.enum([...Object.keys(STAGE_PERCENT), 'FAILED', 'CANCELLED'] as Stage[]);

const Event = z.looseObject({
  seq: z.int().min(1),
  task_id: z.string(),
  event_type: z.literal('stage_update'),
  data: z.looseObject({
    stage: StageName,
    progress_percent: z.number().min(0).max(100),
    message: z.string(),
    details: z.record(z.string(), z.unknown()).optional(),
  }),
  timestamp: z.iso.datetime(),
});

const Person = z.looseObject({
  id: z.int().min(1),
  confidence: z.number(),
  box: z.tuple([z.number(), z.number(), z.number(), z.number()]).transform((box) => box as Box),
});

const Result = z.looseObject({
  task_id: z.string(),
  success: z.literal(true),
  video_url: z.string(),
  execution_time_ms: z.number(),
  metadata: z.looseObject({
    person_detection: z.looseObject({
      total_persons: z.int(),
      selected_person_id: z.int(),
      confidence: z.number(),
      persons: z.array(Person),
    }),
    background_removal: z.looseObject({
      input_size: z.int(),
      mask_url: z.string(),
      cutout_url: z.string(),
    }),
    provider: z.looseObject({
      name: z.string(),
      degraded: z.boolean(),
    }),
    video: z.looseObject({
      width_px: z.int(),
      height_px: z.int(),
      duration_s: z.number(),
      bytes: z.int(),
      sha256: z.string(),
      content_type: z.string().optional(),
    }),
    timings_ms: z.record(z.string(), z.number()),
    cached: z.array(z.string()),
    warnings: z.array(z.string()),
  }),
});

const Failure = z.looseObject({
  task_id: z.string(),
  success: z.literal(false),
  execution_time_ms: z.number(),
  error: z.looseObject({
    code: z.string().transform((code): ErrorCode => (isErrorCode(code) ? code : 'INTERNAL')),
    message: z.string(),
    stage: StageName,
    retryable: z.boolean(),
    compensated: z.array(z.string()),
  }),
});

const Usage = z.looseObject({
  provider: z.string(),
  talkId: z.string(),
  seconds: z.number(),
  credits: z.number(),
});

const splitOf = <T extends z.ZodType>(value: T) =>
  z.object({ compute: value, provider: value, retry: value, queue: value, orchestration: value });

const Step = z.looseObject({
  name: z.string(),
  queue: z.string(),
  scheduled_at: z.string(),
  started_at: z.string().optional(),
  ended_at: z.string().optional(),
  attempts: z.int(),
  retry_ms: z.number(),
  queue_ms: z.number(),
  run_ms: z.number(),
  outcome: z.enum(['running', 'completed', 'failed', 'timed_out', 'cancelled']),
  error: z
    .looseObject({
      code: z
        .string()
        .transform((code) => code as ErrorCode)
        .optional(),
      message: z.string(),
    })
    .optional(),
});

const Timeline = z.looseObject({
  task_id: z.string(),
  source: z.enum(['history', 'record', 'events']),
  submitted_at: z.string(),
  ended_at: z.string().optional(),
  total_ms: z.number(),
  split_ms: splitOf(z.number()).optional(),
  stages: z.array(
    z.looseObject({
      stage: StageName,
      started_at: z.string(),
      ended_at: z.string().optional(),
      ms: z.number(),
      split_ms: splitOf(z.number()),
      steps: z.array(Step),
    }),
  ),
});

export const TASK_METADATA_VERSION = 1;

export const TaskMetadataFile: z.ZodType<TaskMetadata> = z.looseObject({
  schema_version: z.literal(TASK_METADATA_VERSION),
  task_id: z.string(),
  fingerprint: z.string(),
  submitted_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
  owner: z.string().optional(),
  options: Options,
  objects: z.array(StoredObject),
  events: z.array(Event),
  cache_entries: z.array(z.string()).optional(),
  usage: z.array(Usage).optional(),
  remote: z
    .array(
      z.looseObject({ provider: z.string(), what: z.enum(['talk', 'portrait', 'voice']), id: z.string() }),
    )
    .optional(),
  // It explains, and nothing depends on it.
  timeline: Timeline.optional().catch(undefined),
  outcome: z.discriminatedUnion('success', [Result, Failure]).optional(),
});
