import { defineQuery, setCurrentDetails, setHandler, upsertSearchAttributes } from '@temporalio/workflow';
import { PROGRESS_QUERY } from '../../contracts/messages.ts';
import type { JobOutcome } from '../../contracts/schemas/job-outcome.ts';
import type { Progress } from '../../contracts/schemas/messages.ts';
import type { StageEvent } from '../../contracts/schemas/stage-event.ts';
import {
  isBeginning,
  isTerminal,
  type RunningStage,
  STAGE_PERCENT,
  type Stage,
} from '../../contracts/stages.ts';
import { ERROR, OUTCOME, STAGE } from '../search-attributes.ts';

const progressQuery = defineQuery<Progress, [since?: number]>(PROGRESS_QUERY);

/** The events of a job. Answers the query `progress(since)`, and shows the stage in Temporal's Web UI. */
export class ProgressLog {
  readonly #taskId: string;
  readonly #events: StageEvent[];
  #onEvent: (event: StageEvent) => void = () => {};
  #onStageResult: (events: readonly StageEvent[]) => void = () => {};
  #outcome: JobOutcome | undefined;
  #isUnrecorded = false;
  /** The stage in Temporal's search attributes. */
  #shownStage: Stage | undefined;

  /** @param earlier the events of an earlier attempt of the job. */
  constructor(taskId: string, earlier: readonly StageEvent[] = []) {
    this.#taskId = taskId;
    this.#events = [...earlier];
    setHandler(progressQuery, (since = 0) => ({
      events: this.#events.filter((event) => event.seq > since),
      ...(this.#outcome && { outcome: this.#outcome }),
      ...(this.#isUnrecorded && { isUnrecorded: true as const }),
    }));
  }

  /** `listener` gets each event when readers do, the last one included. */
  onEvent(listener: (event: StageEvent) => void): void {
    this.#onEvent = listener;
  }

  /** `listener` gets all events so far at each new stage that has a result. It does not get the last event. */
  onStageResult(listener: (events: readonly StageEvent[]) => void): void {
    this.#onStageResult = listener;
  }

  get events(): readonly StageEvent[] {
    return this.#events;
  }

  get stage(): Stage {
    return this.#events.at(-1)?.data.stage ?? 'INITIALIZED';
  }

  /** Enters a stage, or adds an event to it. Readers get the event at the end of this workflow task. */
  enter(stage: RunningStage, message: string, details?: Record<string, unknown>): void {
    const isNew = stage !== this.#shownStage;
    this.#publish(this.#toEvent(stage, message, details));
    if (isNew && !isBeginning(stage)) {
      this.#onStageResult(this.#events);
    }
  }

  /** Adds an event to the current stage, unless it repeats the last message or the job has ended. */
  note(message: string, details?: Record<string, unknown>): void {
    const { stage } = this;
    if (!isTerminal(stage) && this.#events.at(-1)?.data.message !== message) {
      this.enter(stage, message, details);
    }
  }

  /**
   * The last event, not published yet. Write it to `metadata.json` before `end`, so that readers of the end find the
   * record. Call it again after any other event, which takes its number.
   */
  prepareEnd(stage: 'COMPLETED' | 'FAILED' | 'CANCELLED', message: string, outcome: JobOutcome): StageEvent {
    return this.#toEvent(stage, message, { outcome });
  }

  /** The record of the end was given up: readers must not take a missing record for an erased task. */
  markUnrecorded(): void {
    this.#isUnrecorded = true;
  }

  /** Publishes the last event. */
  end(event: StageEvent, outcome: JobOutcome): void {
    this.#outcome = outcome;
    this.#publish(event);
  }

  /** Milliseconds spent in each stage. */
  timingsMs(): Record<string, number> {
    const timings: Record<string, number> = {};
    for (const [index, event] of this.#events.entries()) {
      // Time between a failure and its retry does not count.
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
    this.#onEvent(event);
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
