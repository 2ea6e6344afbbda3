import { EventEmitter, once } from 'node:events';
import { ignoreFailure } from '../../errors.ts';
import type { ProgressReader } from './progress-reader.ts';
import { COMMENT } from './sse.ts';
import { TaskWatch, type WatchDeps } from './task-watch.ts';

export interface ProgressHub {
  /**
   * Sends the reader every event after `since` (earlier ones before this resolves) and ends it after the last one.
   * Rejects with TASK_NOT_FOUND or TEMPORAL_UNAVAILABLE; if Temporal goes down later, it waits.
   * Call the returned function when the reader leaves.
   */
  follow(taskId: string, since: number, reader: ProgressReader): Promise<() => void>;
  /** Wakes those who wait for the task in this process. */
  announce(taskId: string): void;
  /** Resolves when the task is announced, after `ms`, or when the signal is aborted. */
  whenSubmitted(taskId: string, ms: number, signal: AbortSignal): Promise<void>;
  /** Tasks with at least one reader. */
  readonly watching: number;
  /** Readers of all tasks. */
  readonly readers: number;
  /** Ends all readers without an outcome, present and future ones. */
  close(): void;
}

export interface HubOptions extends WatchDeps {
  /** Every reader gets a comment at this interval, and a heartbeat event at twice this interval. Default: 15 s. */
  commentIntervalMs?: number;
}

interface Watched {
  watch: Promise<TaskWatch>;
  readers: number;
}

/** One per process. It watches each followed task once, however many readers follow it. */
export function createProgressHub({ commentIntervalMs = 15_000, ...deps }: HubOptions): ProgressHub {
  const submissions = new EventEmitter<Record<string, []>>().setMaxListeners(0);
  const watched = new Map<string, Watched>();
  let beats = 0;
  let isClosed = false;
  const timer = setInterval(() => {
    beats += 1;
    for (const { watch } of watched.values()) {
      whenOpen(watch, (open) => {
        open.broadcast({ bytes: COMMENT });
        if (beats % 2 === 0) open.beat();
      });
    }
  }, commentIntervalMs);
  timer.unref();

  const forget = (taskId: string, entry: Watched) => {
    if (watched.get(taskId) === entry) watched.delete(taskId);
  };
  const watchTask = (taskId: string): Watched => {
    // At its end, not when its readers have left: one that comes meanwhile may want the next attempt.
    const watch = TaskWatch.open(taskId, deps, () => forget(taskId, entry));
    const entry: Watched = { watch, readers: 0 };
    watched.set(taskId, entry);
    return entry;
  };

  const enter = (taskId: string) => {
    const entry = watched.get(taskId) ?? watchTask(taskId);
    // Counted before anything is awaited, so that a reader that leaves meanwhile does not close the watch of a new one.
    entry.readers += 1;
    let left = false;
    const leave = () => {
      if (left) return;
      left = true;
      entry.readers -= 1;
      if (entry.readers === 0) {
        forget(taskId, entry);
        whenOpen(entry.watch, (open) => open.close());
      }
    };
    return { watch: entry.watch, leave };
  };

  return {
    async follow(taskId, since, reader) {
      if (isClosed) {
        reader.end(undefined);
        return () => {};
      }
      const { watch, leave } = enter(taskId);
      try {
        const open = await watch;
        open.attach(reader, since);
        return () => {
          open.detach(reader);
          leave();
        };
      } catch (error) {
        leave();
        throw error;
      }
    },

    announce(taskId) {
      submissions.emit(taskId);
    },

    async whenSubmitted(taskId, ms, signal) {
      const either = AbortSignal.any([signal, AbortSignal.timeout(ms)]);
      await ignoreFailure(
        once(submissions, taskId, { signal: either }),
        'the caller looks whether it is there',
      );
    },

    get watching() {
      return watched.size;
    },

    get readers() {
      return [...watched.values()].reduce((sum, { readers }) => sum + readers, 0);
    },

    close() {
      isClosed = true;
      clearInterval(timer);
      for (const { watch } of watched.values()) {
        whenOpen(watch, (open) => open.close());
      }
    },
  };
}

/** If a watch could not be opened, `follow` has already rejected. */
function whenOpen(watch: Promise<TaskWatch>, action: (open: TaskWatch) => void): void {
  watch.then(action, () => undefined);
}
