import type { ErrorCode } from './error-codes.ts';
import type { LocalProviderFacts, ProviderFacts } from './provider.ts';
import type { Resume, RetryPoint } from './retry.ts';
import type { Stage, StageEvent } from './stages.ts';
import type { Timeline } from './timeline.ts';

/** A stored object as payloads name it. Bytes never travel through Temporal. */
export interface StoredObject {
  key: string;
  bytes: number;
  /** Lower-case hex. */
  sha256: string;
}

/** What a job does while its provider is out: wait to its deadline, use the built-in renderer, or fail. */
export const OUTAGE_CHOICES = ['wait', 'local', 'fail'] as const;
export type OutageChoice = (typeof OUTAGE_CHOICES)[number];

/** What a webhook is told of: the end alone, or each stage. */
export const WEBHOOK_EVENTS = ['end', 'all'] as const;

/** Whom a job tells of itself. */
export interface WebhookOrder {
  url: string;
  events: (typeof WEBHOOK_EVENTS)[number];
}

/** What stands behind the person: the photo itself, the photo blurred, nothing, one colour, or a picture of the client's. */
export type Background = 'original' | 'blur' | 'transparent' | 'image' | `#${string}`;

/** The neutral grey that contract and page promise where nothing is asked for. */
export const DEFAULT_BACKGROUND: Background = '#e8e8ea';

export const CACHE_CHOICES = ['use', 'no-store'] as const;
export type CacheChoice = (typeof CACHE_CHOICES)[number];

export interface JobOptions {
  /** 0 to 1: detections below it do not count as persons. */
  confThreshold: number;
  /** Soften the edge of the mask. */
  applySmoothing: boolean;
  /** `auto` is the best person, `ask` waits for a choice; a number is a person as the result numbers them, from 1. */
  persons: 'auto' | 'ask' | number;
  background: Background;
  /** Name of a provider of the registry. */
  provider: string;
  onOutage: OutageChoice;
  /** Seconds from submission after which the job fails with DEADLINE_EXCEEDED and is undone. */
  deadlineS: number;
  /** 1 (first) to 5 (last), as Temporal's priority key. */
  priority: number;
  /** `no-store` neither takes anything from the content cache nor leaves anything there. */
  cache: CacheChoice;
  /** Days that the task's files are kept, in place of the server's times. */
  retentionDays?: number;
}

/** The argument of the workflow `generateVideo`. */
export interface JobInput {
  taskId: string;
  image: StoredObject;
  audio: StoredObject;
  backgroundImage?: StoredObject;
  options: JobOptions;
  /** The one that `options` name. */
  provider: ProviderFacts;
  /** Takes over if the provider is out and `options` allow it. Absent if the provider is a local one. */
  fallback?: LocalProviderFacts;
  /** Hash over everything that makes two submissions the same. */
  fingerprint: string;
  /** ISO 8601. */
  submittedAt: string;
  /** Name of the API key that it was submitted with: nobody else sees the task. */
  owner?: string;
  webhook?: WebhookOrder;
  /** Seconds that what a failed job needs to go on is kept, where going on may help. Default: 0, it is undone at once. */
  retryWindowS?: number;
  /** Where the job goes on that failed before under this id. */
  resume?: Resume;
}

/** Left, top, right, bottom in pixels of the upright photo. */
export type Box = [x1: number, y1: number, x2: number, y2: number];

export interface Person {
  /** From 1, best first: see `rankPersons` in `inference/detect/person-ranking.ts`. */
  id: number;
  /** 0 to 1. */
  confidence: number;
  box: Box;
}

/** A move to another way to compute, after a device failed or its memory was short. */
export interface Fallback {
  /** Model, size of its input and execution provider: "birefnet at 1024 px on cuda". */
  from: string;
  to: string;
  reason: string;
}

/** What a job used of a provider that is paid. */
export interface ProviderUsage {
  provider: string;
  /** The provider's name of the talk. */
  talkId: string;
  /** Of the voice. */
  seconds: number;
  credits: number;
}

/** Something of a job that lies at a provider. */
export interface RemoteThing {
  provider: string;
  what: 'talk' | 'portrait' | 'voice';
  id: string;
}

/** The successful end of a job, in its wire form. */
export interface JobResult {
  task_id: string;
  success: true;
  video_url: string;
  execution_time_ms: number;
  metadata: {
    person_detection: {
      total_persons: number;
      selected_person_id: number;
      confidence: number;
      persons: Person[];
      /** Absent if there were none; also below. */
      fallbacks?: Fallback[];
    };
    background_removal: {
      input_size: number;
      mask_url: string;
      cutout_url: string;
      fallbacks?: Fallback[];
    };
    provider: { name: string; degraded: boolean };
    video: {
      width_px: number;
      height_px: number;
      duration_s: number;
      bytes: number;
      sha256: string;
      /** `video/webm` where the background is transparent, else `video/mp4`; absent in records of before there was a choice. */
      content_type?: string;
    };
    /** Wall milliseconds by stage, queue time included. */
    timings_ms: Record<string, number>;
    /** Names of the stages that were answered from the cache. */
    cached: string[];
    /** Things the person may want to know, such as "The face is small: 96 px". */
    warnings: string[];
  };
}

export interface JobError {
  code: ErrorCode;
  /** What was expected, what was found, and what to change. */
  message: string;
  /** The stage that failed. */
  stage: Stage;
  /** Whether the same submission may succeed later. */
  retryable: boolean;
  /** Names of the undo steps that ran, newest first. */
  compensated: string[];
  /** Where the task can go on, and until when what it needs for that is kept. Absent where it cannot. */
  retry?: { from: RetryPoint[]; until: string };
}

/** The unsuccessful end of a job, in its wire form. */
export interface JobFailure {
  task_id: string;
  success: false;
  execution_time_ms: number;
  error: JobError;
}

export type JobOutcome = JobResult | JobFailure;

/**
 * `metadata.json`: what survives Temporal's own retention. Enough to answer status, events and result without it.
 * A reader refuses a `schema_version` above its own; fields are added, never renamed.
 */
export interface TaskMetadata {
  schema_version: 1;
  task_id: string;
  fingerprint: string;
  submitted_at: string;
  updated_at: string;
  /** Name of the API key that it belongs to. */
  owner?: string;
  options: JobOptions;
  /** The objects of this task that should exist now. */
  objects: StoredObject[];
  events: StageEvent[];
  /** Folders of the content cache that hold something of this task; other tasks may use them too. */
  cache_entries?: string[];
  /** Talks that were paid for, whether or not the job ended well. */
  usage?: ProviderUsage[];
  /** What lies at the provider still, to be erased with the rest. */
  remote?: RemoteThing[];
  /** Where its time went, as of its end: from the history, which Temporal forgets. */
  timeline?: Timeline;
  /** Absent while the job runs. */
  outcome?: JobOutcome;
}
