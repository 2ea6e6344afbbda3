import type { JobInput, ProviderUsage, RemoteThing, StoredObject } from '../../contracts/schemas/job.ts';
import type { JobOutcome } from '../../contracts/schemas/job-outcome.ts';
import type { StageEvent } from '../../contracts/schemas/stage-event.ts';
import type { TaskMetadata } from '../../contracts/schemas/task-metadata.ts';
import { ignoreFailure } from '../ignore-failure.ts';
import { PATIENCE_MS, type StorageWait, waitForStorage } from '../storage-wait.ts';

/** Collects the content of `metadata.json`, which outlives the history of the workflow, and writes it. */
export class TaskRecord {
  readonly #input: JobInput;
  readonly #recordTask: (metadata: TaskMetadata) => Promise<void>;
  #objects: StoredObject[];
  #usage: ProviderUsage[];
  #remote: RemoteThing[] = [];
  readonly #cacheEntries = new Set<string>();
  #lastWrite: Promise<void> = Promise.resolve();
  /** Events for the next write of `writeSoon`. */
  #pending: readonly StageEvent[] | undefined;

  constructor(input: JobInput, recordTask: (metadata: TaskMetadata) => Promise<void>) {
    this.#input = input;
    this.#recordTask = recordTask;
    const { image, audio, backgroundImage, resume } = input;
    this.#objects = resume?.objects ?? [image, audio, ...(backgroundImage ? [backgroundImage] : [])];
    this.#usage = resume?.usage ?? [];
  }

  addObjects(...objects: StoredObject[]): void {
    const added = new Set(objects.map(({ key }) => key));
    this.#objects = [...this.#objects.filter(({ key }) => !added.has(key)), ...objects];
  }

  hasObjects(prefix: string): boolean {
    return this.#objects.some(({ key }) => key.startsWith(prefix));
  }

  removeObjects(prefix: string): void {
    this.#objects = this.#objects.filter(({ key }) => !key.startsWith(prefix));
  }

  /** Stays on record however the job ends. */
  addUsage(usage: ProviderUsage): void {
    // An earlier attempt may have paid for the same talk.
    this.#usage = [...this.#usage.filter(({ talk_id }) => talk_id !== usage.talk_id), usage];
  }

  /** What a successful job leaves at its provider, to be erased with the task. */
  setRemoteThings(things: RemoteThing[]): void {
    this.#remote = things;
  }

  /** A folder of the content cache that holds results of this task. */
  addCacheEntry(entry: string): void {
    this.#cacheEntries.add(entry);
  }

  /** Drops all objects but those under the prefixes, and all cache entries. */
  forgetObjects(keptPrefixes: string[] = []): void {
    this.#objects = this.#objects.filter(({ key }) => keptPrefixes.some((prefix) => key.startsWith(prefix)));
    this.#cacheEntries.clear();
  }

  /** Time since the job was submitted or retried. */
  get ageMs(): number {
    return Date.now() - Date.parse(this.#input.resume?.at ?? this.#input.submittedAt);
  }

  /** Writes the record in the background. Events that come during a write go with the next one. */
  writeSoon(events: readonly StageEvent[]): void {
    this.#pending = [...events];
    const write = this.#afterLastWrite(async () => {
      const pending = this.#pending;
      this.#pending = undefined;
      if (pending) {
        await this.#recordTask(this.toMetadata(pending));
      }
    });
    void ignoreFailure(write, 'the next write repeats what this one failed to write');
  }

  /**
   * Writes the record, and waits for the storage as long as the undo does. Writes keep their order, so an earlier state never
   * replaces a later one.
   *
   * @param toState is called for each attempt
   * @param onWait is called after each attempt that failed because of the storage
   */
  async write(
    toState: () => { events: readonly StageEvent[]; outcome?: JobOutcome },
    onWait?: (what: StorageWait) => void,
  ): Promise<void> {
    this.#pending = undefined;
    const write = () => {
      const { events, outcome } = toState();
      return this.#recordTask(this.toMetadata(events, outcome));
    };
    await this.#afterLastWrite(() =>
      waitForStorage(write, { onWait, patienceMs: PATIENCE_MS, isOnlyStorage: true }),
    );
  }

  #afterLastWrite(write: () => Promise<void>): Promise<void> {
    this.#lastWrite = ignoreFailure(this.#lastWrite, 'a failed write does not stop the next one').then(write);
    return this.#lastWrite;
  }

  toMetadata(events: readonly StageEvent[], outcome?: JobOutcome): TaskMetadata {
    const { taskId, fingerprint, submittedAt, owner, consent, options } = this.#input;
    return {
      schema_version: 1,
      task_id: taskId,
      fingerprint,
      submitted_at: submittedAt,
      updated_at: new Date().toISOString(),
      ...(owner !== undefined && { owner }),
      ...(consent && { consent }),
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
