import type { JobInput, ProviderUsage, RemoteThing, StoredObject } from '../../contracts/schemas/job.ts';
import type { JobOutcome } from '../../contracts/schemas/job-outcome.ts';
import type { StageEvent } from '../../contracts/schemas/stage-event.ts';
import type { TaskMetadata } from '../../contracts/schemas/task-metadata.ts';
import { records } from '../activities.ts';

/** Keeps `metadata.json` of one task: what outlives the workflow's history. */
export class TaskRecord {
  readonly #input: JobInput;
  #objects: StoredObject[];
  #usage: ProviderUsage[];
  #remote: RemoteThing[] = [];
  readonly #cacheEntries = new Set<string>();
  #lastWrite: Promise<void> = Promise.resolve();
  /** Not written yet. */
  #news: readonly StageEvent[] | undefined;

  constructor(input: JobInput) {
    this.#input = input;
    const { image, audio, backgroundImage, resume } = input;
    this.#objects = resume?.objects ?? [image, audio, ...(backgroundImage ? [backgroundImage] : [])];
    this.#usage = resume?.usage ?? [];
  }

  addObjects(...objects: StoredObject[]): void {
    const added = new Set(objects.map(({ key }) => key));
    this.#objects = [...this.#objects.filter(({ key }) => !added.has(key)), ...objects];
  }

  /** What was paid stays on record, however the job ends. */
  addUsage(usage: ProviderUsage): void {
    // A talk that an earlier attempt paid for.
    this.#usage = [...this.#usage.filter(({ talk_id }) => talk_id !== usage.talk_id), usage];
  }

  /** What a job that succeeds leaves at its provider. */
  leaveRemote(things: RemoteThing[]): void {
    this.#remote = things;
  }

  /** Where in the content cache something of this task is kept. */
  addCacheEntry(entry: string): void {
    this.#cacheEntries.add(entry);
  }

  /** Those under the prefixes stay. */
  forgetObjects(keptPrefixes: string[] = []): void {
    this.#objects = this.#objects.filter(({ key }) => keptPrefixes.some((prefix) => key.startsWith(prefix)));
    this.#cacheEntries.clear();
  }

  /** Milliseconds since the job was submitted, or went on after a failure. */
  get ageMs(): number {
    return Date.now() - Date.parse(this.#input.resume?.at ?? this.#input.submittedAt);
  }

  /**
   * Writes how it stands while the job goes on. What comes while a write is under way goes with the next one, and one that
   * fails is made up for by those after it.
   */
  keep(events: readonly StageEvent[]): void {
    this.#news = [...events];
    const previous = this.#lastWrite;
    this.#lastWrite = (async () => {
      await previous.catch(() => undefined);
      const news = this.#news;
      this.#news = undefined;
      if (news) {
        await records.recordTask(this.toMetadata(news));
      }
    })();
    this.#lastWrite.catch(() => undefined);
  }

  /** Writes happen in their order, also after one that failed: an earlier state never replaces a later one. */
  async write(events: readonly StageEvent[], outcome?: JobOutcome): Promise<void> {
    const metadata = this.toMetadata(events, outcome);
    this.#news = undefined;
    const previous = this.#lastWrite;
    this.#lastWrite = (async () => {
      await previous.catch(() => undefined);
      await records.recordTask(metadata);
    })();
    await this.#lastWrite;
  }

  toMetadata(events: readonly StageEvent[], outcome?: JobOutcome): TaskMetadata {
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
      ...(this.#cacheEntries.size > 0 && { cache_entries: [...this.#cacheEntries] }),
      ...(this.#remote.length > 0 && { remote: [...this.#remote] }),
      ...(this.#usage.length > 0 && { usage: [...this.#usage] }),
      ...(outcome && { outcome }),
    };
  }
}
