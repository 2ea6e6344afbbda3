import { defineSignal, isCancellation, log, setHandler } from '@temporalio/workflow';
import type { RemoveBackgroundRequest, RemovedBackground } from '../../activities/background.ts';
import type { Detected } from '../../activities/detection.ts';
import { SAME_JOB_SIGNAL } from '../../contracts/content-cache.ts';
import type { JobInput, StoredObject } from '../../contracts/schemas/job.ts';
import type { JobResult } from '../../contracts/schemas/job-outcome.ts';
import type { VideoAnswer } from '../../contracts/schemas/messages.ts';
import type { RunningStage } from '../../contracts/stages.ts';
import { taskKeys } from '../../contracts/task-keys.ts';
import { videoFormatOf } from '../../contracts/video-format.ts';
import { background, cache, detection, undo } from '../activities.ts';
import type { Compensations } from '../compensation.ts';
import type { ProgressLog } from './progress-log.ts';
import { claimJob, giveBack } from './same-job.ts';
import type { TaskRecord } from './task-record.ts';

interface ReuseDeps {
  input: JobInput;
  progress: ProgressLog;
  record: TaskRecord;
  compensations: Compensations;
}

/** What a job takes from the content cache in place of making it, and what it leaves there. With `no-store`: nothing. */
export class Reuse {
  readonly #deps: ReuseDeps;
  readonly #waiting = new Set<string>();
  readonly #mayReuse: boolean;
  #claim: string | undefined;
  /** Stages that were answered from the cache. */
  readonly stages: RunningStage[] = [];

  constructor(deps: ReuseDeps) {
    this.#deps = deps;
    this.#mayReuse = deps.input.options.cache === 'use';
    setHandler(defineSignal<[string]>(SAME_JOB_SIGNAL), (workflowId) => {
      this.#waiting.add(workflowId);
    });
  }

  /** The result of an identical job, waited for where it is under way; the job's files are there then. */
  async findResult(): Promise<JobResult | undefined> {
    const { input, progress, record } = this.#deps;
    if (!this.#mayReuse) {
      return undefined;
    }
    const answer = await this.#ask();
    if (answer?.kind === 'claimed') {
      this.#claim = answer.claim;
    }
    if (answer?.kind !== 'hit') {
      return undefined;
    }
    record.addObjects(...answer.stored);
    record.addCacheEntry(answer.entry);
    this.stages.push('DETECTION_RUNNING', 'BACKGROUND_REMOVAL_RUNNING', 'DID_PROCESSING');
    progress.enter('DID_COMPLETE', 'The same job was done before: its video is taken from the cache', {
      from_cache: true,
    });
    const { metadata } = answer;
    return {
      task_id: input.taskId,
      success: true,
      execution_time_ms: record.ageMs,
      metadata: {
        ...metadata,
        timings_ms: progress.timingsMs(),
        cached: this.stages,
      },
    };
  }

  async detectPersons(photo: StoredObject): Promise<Detected> {
    const { conf_threshold: confThreshold } = this.#deps.input.options;
    const photoSha256 = photo.sha256;
    const found =
      this.#mayReuse && (await quietly(() => cache.findDetection({ photoSha256, confThreshold })));
    if (found) {
      this.#deps.record.addCacheEntry(found.entry);
      this.stages.push('DETECTION_RUNNING');
      return found.result;
    }
    return this.#keep(
      await detection.detectPersons({
        photoKey: photo.key,
        confThreshold,
        ...(this.#mayReuse && { photoSha256 }),
      }),
    );
  }

  async removeBackground(photo: StoredObject, request: Omit<RemoveBackgroundRequest, 'photoKey'>) {
    const whole = {
      ...request,
      photoKey: photo.key,
      ...(this.#mayReuse && { photoSha256: photo.sha256 }),
    };
    const found = this.#mayReuse && (await quietly(() => cache.findCutout(whole)));
    if (found) {
      this.#deps.record.addCacheEntry(found.entry);
      this.stages.push('BACKGROUND_REMOVAL_RUNNING');
      return found.result;
    }
    return this.#keep<RemovedBackground>(await background.removeBackground(whole));
  }

  /** For the message of a stage. */
  describe(stage: RunningStage): string {
    return this.stages.includes(stage) ? ' (from cache)' : '';
  }

  /** Details of the event of a stage. */
  detailsOf(stage: RunningStage): { from_cache?: true } {
    return this.stages.includes(stage) ? { from_cache: true } : {};
  }

  /** The whole job, for others that ask for the same. A video of the wrong maker is not what they asked for. */
  async keepResult({ metadata }: JobResult): Promise<void> {
    const { input } = this.#deps;
    if (this.#claim !== undefined && !metadata.provider.degraded) {
      const entry = await quietly(() => cache.keepVideo({ job: input, metadata }));
      this.#keep({ ...(entry && { entry }) });
    }
  }

  /** The end, whatever it was: those that wait look again. */
  async end(): Promise<void> {
    const claim = this.#claim;
    this.#claim = undefined;
    if (claim !== undefined) {
      await giveBack(claim, this.#waiting);
    }
  }

  /** Without an answer, and with a hit, files may lie under the job's keys. */
  async #ask(): Promise<VideoAnswer | undefined> {
    const { input, progress, compensations } = this.#deps;
    let answer: VideoAnswer | undefined;
    try {
      answer = await quietly(() => claimJob(input, progress));
      return answer;
    } finally {
      if (answer === undefined || answer.kind === 'hit') {
        const { video, thumbnail } = taskKeys(input.taskId, videoFormatOf(input.options));
        compensations.add('video', () => undo.discard({ keys: [video, thumbnail] }));
      }
    }
  }

  /** What a failed job left in the cache goes with the rest of it. */
  #keep<T extends { entry?: string }>(made: T): T {
    const { entry } = made;
    if (entry) {
      this.#deps.record.addCacheEntry(entry);
      this.#deps.compensations.add('cached files', () => undo.discard({ prefixes: [entry] }));
    }
    return made;
  }
}

/** A cache that does not answer has nothing. */
async function quietly<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (isCancellation(error)) {
      throw error;
    }
    log.warn('The content cache did not answer', { error });
    return undefined;
  }
}
