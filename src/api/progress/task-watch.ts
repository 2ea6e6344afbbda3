import { setTimeout as sleep } from 'node:timers/promises';
import type { JobOutcome } from '../../contracts/schemas/job-outcome.ts';
import type { HeartbeatEvent, StageEvent } from '../../contracts/schemas/stage-event.ts';
import { toTaskEvent } from '../../contracts/schemas/task-urls.ts';
import { ignoreFailure, ignoreStorageOutage, isFailure } from '../../errors.ts';
import type { HistoryCursor, JobClient } from '../../ports/job-client.ts';
import type { TaskRecords } from '../../ports/task-records.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { toForgottenEnd, toLostEnd } from '../tasks/lost-job.ts';
import { ActivityProgress } from './activity-progress.ts';
import type { ProgressMessage, ProgressReader } from './progress-reader.ts';
import { encodeFrame } from './sse.ts';

export interface WatchDeps {
  jobs: JobClient;
  records: TaskRecords;
  logger: Logger;
}

const MIN_RETRY_DELAY_MS = 250;
const MAX_RETRY_DELAY_MS = 10_000;

/** `goes on`: the job has failed, and a retry is accepted or may be. `undefined`: it has not ended. */
type End = 'ended' | 'goes on' | undefined;

/**
 * One task and all its readers in this process: a single long poll on its history feeds them all. Readers get missed
 * events from the buffer, then new ones as they come, in strictly increasing order of `seq`.
 */
export class TaskWatch {
  readonly #taskId: string;
  readonly #deps: WatchDeps;
  readonly #onEnd: () => void;
  readonly #activity: ActivityProgress;
  readonly #stop = new AbortController();
  /** Each reader with the last `seq` that it had when it came. */
  readonly #readers = new Map<ProgressReader, number>();
  readonly #messages: ProgressMessage[] = [];
  #lastEvent: StageEvent | undefined;
  #ended = false;
  #outcome: JobOutcome | undefined;

  private constructor(taskId: string, deps: WatchDeps, onEnd: () => void) {
    this.#taskId = taskId;
    this.#deps = deps;
    this.#onEnd = onEnd;
    this.#activity = new ActivityProgress(taskId, deps, (message) => this.broadcast(message));
  }

  /**
   * Rejects with TASK_NOT_FOUND if neither a record nor Temporal has the task.
   *
   * @param onEnd called once, when the watch gets no more events: a retry later on needs another one
   */
  static async open(taskId: string, deps: WatchDeps, onEnd: () => void): Promise<TaskWatch> {
    const watch = new TaskWatch(taskId, deps, onEnd);
    // First, because a running task has events while the store does not respond.
    const [asked] = await Promise.allSettled([deps.jobs.describe(taskId)]);
    if (asked.status === 'fulfilled') {
      const isOver =
        asked.value.status !== 'running' && (await ignoreStorageOutage(watch.#endFromRecord())) === 'ended';
      if (!isOver) {
        void watch.#run();
      }
      return watch;
    }
    const isForgotten = isFailure(asked.reason, 'TASK_NOT_FOUND');
    const end = await watch.#endFromRecord();
    if (end === 'goes on') {
      void watch.#run();
    } else if (end === undefined && !(isForgotten && (await watch.#endForgotten()))) {
      throw asked.reason;
    }
    return watch;
  }

  /** Sends every event after `since`, past ones first. */
  attach(reader: ProgressReader, since: number): void {
    for (const message of this.#messages) {
      if (message.seq! > since) {
        reader.send(message);
      }
    }
    if (this.#ended) {
      reader.end(this.#outcome);
    } else {
      this.#readers.set(reader, since);
      this.#activity.sendLatest(reader);
    }
  }

  detach(reader: ProgressReader): void {
    this.#readers.delete(reader);
  }

  /** Sends a message to all readers that do not have it yet. */
  broadcast(message: ProgressMessage): void {
    for (const [reader, since] of this.#readers) {
      if (message.seq === undefined || message.seq > since) {
        reader.send(message);
      }
    }
  }

  /** Sends a heartbeat. It repeats the progress of the last event, for clients that print what they receive. */
  beat(): void {
    const { progress_percent = 0, message = 'The task has not begun' } = this.#lastEvent?.data ?? {};
    const heartbeat: HeartbeatEvent = {
      task_id: this.#taskId,
      event_type: 'heartbeat',
      progress_percent,
      message,
      data: {},
      timestamp: new Date().toISOString(),
    };
    this.broadcast(encodeFrame({ event: 'heartbeat', data: heartbeat }));
  }

  /** Stops watching and ends all readers. */
  close(): void {
    this.#finish(undefined);
  }

  async #run(): Promise<void> {
    let cursor: HistoryCursor | undefined;
    let retryMs = MIN_RETRY_DELAY_MS;
    while (!this.#ended) {
      try {
        const next = await this.#deps.jobs.waitForChange(this.#taskId, cursor, this.#stop.signal);
        const end = await this.#readProgress(next === undefined);
        // Only after the read, or a change that failed to be read would be skipped.
        cursor = next;
        if (next !== undefined || end !== 'goes on') {
          retryMs = MIN_RETRY_DELAY_MS;
          continue;
        }
        // The next attempt has not begun, or Temporal does not answer.
      } catch (error) {
        if (this.#ended || (await this.#isGone(error))) {
          return;
        }
        this.#deps.logger.warn({ err: error, task_id: this.#taskId, retryMs }, 'Progress cannot be read');
      }
      const pause = sleep(retryMs, undefined, { signal: this.#stop.signal });
      await ignoreFailure(pause, 'the loop checks whether the watch has ended');
      retryMs = Math.min(retryMs * 2, MAX_RETRY_DELAY_MS);
    }
  }

  async #readProgress(hasEnded: boolean): Promise<End> {
    // The record of an ended job needs no worker, and there may be none.
    const [recorded] = await Promise.allSettled([hasEnded ? this.#endFromRecord() : undefined]);
    if (recorded.status === 'fulfilled' && recorded.value) {
      return recorded.value;
    }
    if (recorded.status === 'rejected' && !isFailure(recorded.reason, 'STORAGE_UNAVAILABLE')) {
      throw recorded.reason;
    }
    const { events, outcome } = await this.#deps.jobs.progress(this.#taskId, this.#lastEvent?.seq ?? 0);
    if (outcome) {
      return this.#endUnlessRetried(events, outcome);
    }
    this.#publish(events);
    if (recorded.status === 'rejected') {
      // Without the record, it is unknown whether the job is lost.
      throw recorded.reason;
    }
    if (!hasEnded) {
      return undefined;
    }
    const described = await this.#deps.jobs.describe(this.#taskId);
    // It runs again under the same id, and the next poll follows its new history.
    if (described.status === 'running') {
      return undefined;
    }
    const lost = toLostEnd(this.#taskId, described, this.#lastEvent);
    this.#publish([lost.event]);
    this.#finish(lost.outcome);
    return 'ended';
  }

  /** Ends the watch from the task's record, if that has an outcome. */
  async #endFromRecord(): Promise<End> {
    const record = await this.#deps.records.read(this.#taskId);
    return record?.outcome && this.#endUnlessRetried(record.events, record.outcome);
  }

  /** @param events with the one that reports the end. The next attempt rewrites it, so readers get only one end. */
  async #endUnlessRetried(events: readonly StageEvent[], outcome: JobOutcome): Promise<End> {
    if (!outcome.success && outcome.error.retry) {
      const isRetried = await this.#isRetried();
      if (isRetried) {
        this.#publish(events.slice(0, -1));
        return 'goes on';
      }
      if (isRetried === undefined) {
        this.#publish(events);
        return 'goes on';
      }
    }
    this.#publish(events);
    this.#finish(outcome);
    return 'ended';
  }

  /** `undefined` if Temporal does not answer. */
  async #isRetried(): Promise<boolean | undefined> {
    try {
      return await this.#deps.jobs.isRetried(this.#taskId);
    } catch (error) {
      if (!isFailure(error, 'TEMPORAL_UNAVAILABLE')) {
        throw error;
      }
    }
  }

  /** Ends the watch if there is a record of a job that Temporal has forgotten. Its outcome is then a failure. */
  async #endForgotten(): Promise<boolean> {
    const record = await this.#deps.records.read(this.#taskId);
    if (!record) {
      return false;
    }
    const { event, outcome } = toForgottenEnd(record);
    this.#publish([...record.events, event]);
    this.#finish(outcome);
    return true;
  }

  /** Temporal forgets ended jobs: either the record has the end, or the task was erased. */
  async #isGone(error: unknown): Promise<boolean> {
    if (!isFailure(error, 'TASK_NOT_FOUND')) {
      return false;
    }
    const end = await this.#endFromRecord().catch(() => undefined);
    if (end === undefined) {
      this.close();
    }
    return end !== 'goes on';
  }

  #publish(events: readonly StageEvent[]): void {
    if (this.#ended) {
      return; // closed while they were read
    }
    for (const event of events) {
      if (event.seq <= (this.#lastEvent?.seq ?? 0)) {
        continue;
      }
      this.#lastEvent = event;
      const message = { seq: event.seq, ...encodeFrame({ id: event.seq, data: toTaskEvent(event) }) };
      this.#messages.push(message);
      this.broadcast(message);
    }
    if (this.#lastEvent) {
      this.#activity.enter(this.#lastEvent.data.stage);
    }
  }

  #finish(outcome: JobOutcome | undefined): void {
    if (this.#ended) {
      return;
    }
    this.#ended = true;
    this.#outcome = outcome;
    this.#stop.abort();
    this.#activity.stop();
    this.#onEnd();
    const readers = [...this.#readers.keys()];
    this.#readers.clear();
    for (const reader of readers) {
      reader.end(outcome);
    }
  }
}
