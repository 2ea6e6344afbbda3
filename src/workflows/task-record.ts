import type { JobInput, JobOutcome, ProviderUsage, StoredObject, TaskMetadata } from '../contracts/job.ts';
import type { StageEvent } from '../contracts/stages.ts';
import { records } from './activities.ts';

/** Keeps `metadata.json` of one task: what outlives the workflow's history. */
export class TaskRecord {
  readonly #input: JobInput;
  #objects: StoredObject[];
  readonly #usage: ProviderUsage[] = [];
  #lastWrite: Promise<void> = Promise.resolve();

  constructor(input: JobInput) {
    this.#input = input;
    const { image, audio, backgroundImage } = input;
    this.#objects = [image, audio, ...(backgroundImage ? [backgroundImage] : [])];
  }

  addObjects(...objects: StoredObject[]): void {
    this.#objects.push(...objects);
  }

  /** What was paid stays on record, however the job ends. */
  addUsage(usage: ProviderUsage): void {
    this.#usage.push(usage);
  }

  forgetObjects(): void {
    this.#objects = [];
  }

  /** Milliseconds since the job was submitted. */
  get ageMs(): number {
    return Date.now() - Date.parse(this.#input.submittedAt);
  }

  /** Writes happen in their order, also after one that failed: an earlier state never replaces a later one. */
  async write(events: readonly StageEvent[], outcome?: JobOutcome): Promise<void> {
    const metadata = this.#toMetadata(events, outcome);
    const previous = this.#lastWrite;
    this.#lastWrite = (async () => {
      await previous.catch(() => undefined);
      await records.recordTask(metadata);
    })();
    await this.#lastWrite;
  }

  #toMetadata(events: readonly StageEvent[], outcome?: JobOutcome): TaskMetadata {
    const { taskId, fingerprint, submittedAt, owner, options } = this.#input;
    return {
      schema_version: 1,
      task_id: taskId,
      fingerprint,
      submitted_at: submittedAt,
      updated_at: new Date().toISOString(),
      ...(owner !== undefined && { owner }),
      options,
      objects: [...this.#objects],
      events: [...events],
      ...(this.#usage.length > 0 && { usage: [...this.#usage] }),
      ...(outcome && { outcome }),
    };
  }
}
