import { defineSearchAttributeKey } from '@temporalio/common';
import { defineQuery, setCurrentDetails, setHandler, upsertSearchAttributes } from '@temporalio/workflow';
import { PROGRESS_QUERY } from '../../contracts/messages.ts';
import type { JobOutcome } from '../../contracts/schemas/job-outcome.ts';
import type { Progress } from '../../contracts/schemas/messages.ts';
import type { StageEvent } from '../../contracts/schemas/stage-event.ts';
import { SEARCH_ATTRIBUTES } from '../../contracts/search-attributes.ts';
import {
  isBeginning,
  isTerminal,
  type RunningStage,
  STAGE_PERCENT,
  type Stage,
} from '../../contracts/stages.ts';

export const progressQuery = defineQuery<Progress, [since?: number]>(PROGRESS_QUERY);

const STAGE = defineSearchAttributeKey(SEARCH_ATTRIBUTES.stage, 'KEYWORD');
const OUTCOME = defineSearchAttributeKey(SEARCH_ATTRIBUTES.outcome, 'KEYWORD');
const ERROR = defineSearchAttributeKey(SEARCH_ATTRIBUTES.error, 'KEYWORD');

/** The job's stages as they happen: answers the query `progress(since)` and tells Temporal's Web UI the same. */
export class ProgressLog {
  readonly #taskId: string;
  readonly #onStage: (events: readonly StageEvent[]) => void;
  readonly #onPublished: (event: StageEvent) => void;
  readonly #events: StageEvent[];
  #outcome: JobOutcome | undefined;
  /** What Temporal's search attributes say. */
  #shownStage: Stage | undefined;
  /** The last event is made: another one would take its number. */
  #isEnding = false;

  /**
   * @param onStage hears all events so far at each new stage but those that only begin something, and the last, which is
   * for whoever prepared it to keep.
   * @param onPublished hears each event when readers may, the last one too.
   * @param before what an earlier attempt of the job told.
   */
  constructor(
    taskId: string,
    onStage: (events: readonly StageEvent[]) => void = () => {},
    onPublished: (event: StageEvent) => void = () => {},
    before: readonly StageEvent[] = [],
  ) {
    this.#taskId = taskId;
    this.#events = [...before];
    this.#onStage = onStage;
    this.#onPublished = onPublished;
    setHandler(progressQuery, (since = 0) => ({
      events: this.#events.filter((event) => event.seq > since),
      ...(this.#outcome && { outcome: this.#outcome }),
    }));
  }

  get events(): readonly StageEvent[] {
    return this.#events;
  }

  get stage(): Stage {
    return this.#events.at(-1)?.data.stage ?? 'INITIALIZED';
  }

  /** Enters a stage, or says something new within it: readers hear of it with the end of this workflow task. */
  enter(stage: RunningStage, message: string, details?: Record<string, unknown>): void {
    const isNew = stage !== this.#shownStage;
    this.#publish(this.#toEvent(stage, message, details));
    if (isNew && !isBeginning(stage)) {
      this.#onStage(this.#events);
    }
  }

  /** Says something within the stage that the job is in, but not twice in a row, and nothing any more at the end. */
  tell(message: string, details?: Record<string, unknown>): void {
    const { stage } = this;
    if (!this.#isEnding && !isTerminal(stage) && this.#events.at(-1)?.data.message !== message) {
      this.enter(stage as RunningStage, message, details);
    }
  }

  /**
   * The last event, not told to anybody yet: it is first written to `metadata.json`, so that whoever has heard of the
   * end finds the record of it.
   */
  prepareEnd(stage: 'COMPLETED' | 'FAILED' | 'CANCELLED', message: string, outcome: JobOutcome): StageEvent {
    this.#isEnding = true;
    return this.#toEvent(stage, message, { outcome });
  }

  end(event: StageEvent, outcome: JobOutcome): void {
    this.#outcome = outcome;
    this.#publish(event);
  }

  /** Milliseconds spent in each stage. */
  timingsMs(): Record<string, number> {
    const timings: Record<string, number> = {};
    for (const [index, event] of this.#events.entries()) {
      // Between a failure and its retry nothing was done.
      if (event.data.details?.failure) {
        continue;
      }
      const end = this.#events[index + 1]?.timestamp;
      const endMs = end ? Date.parse(end) : Date.now();
      const { stage } = event.data;
      timings[stage] = (timings[stage] ?? 0) + endMs - Date.parse(event.timestamp);
    }
    return timings;
  }

  #toEvent(stage: Stage, message: string, details?: Record<string, unknown>): StageEvent {
    const last = this.#events.at(-1);
    return {
      seq: (last?.seq ?? 0) + 1,
      task_id: this.#taskId,
      event_type: 'stage_update',
      data: {
        stage,
        progress_percent:
          stage === 'FAILED' || stage === 'CANCELLED'
            ? (last?.data.progress_percent ?? 0)
            : STAGE_PERCENT[stage],
        message,
        ...(details && { details }),
      },
      timestamp: new Date().toISOString(),
    };
  }

  #publish(event: StageEvent): void {
    this.#events.push(event);
    this.#onPublished(event);
    const { stage, message, progress_percent } = event.data;
    setCurrentDetails(`**${stage}** (${progress_percent} %): ${message}`);
    if (stage !== this.#shownStage) {
      this.#shownStage = stage;
      upsertSearchAttributes([
        { key: STAGE, value: stage },
        ...(isTerminal(stage) ? [{ key: OUTCOME, value: stage.toLowerCase() }] : []),
        ...(this.#outcome?.success === false ? [{ key: ERROR, value: this.#outcome.error.code }] : []),
      ]);
    }
  }
}
