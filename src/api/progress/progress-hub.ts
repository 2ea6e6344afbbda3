import type { ProgressReader } from './progress-reader.ts';
import { COMMENT } from './sse.ts';
import { TaskWatch, type WatchDeps } from './task-watch.ts';

export interface ProgressHub {
  /**
   * Sends the reader every event after `since`, those so far before this resolves, and ends it after the last one.
   * Rejects with TASK_NOT_FOUND or TEMPORAL_UNAVAILABLE; a Temporal that goes away later is waited for.
   * Call what it answers with when the reader leaves.
   */
  follow(taskId: string, since: number, reader: ProgressReader): Promise<() => void>;
  /** Tasks with at least one reader. */
  readonly watching: number;
  /** Readers of all tasks. */
  readonly readers: number;
  /** Ends all readers without an outcome, also those that still come. */
  close(): void;
}

export interface HubOptions extends WatchDeps {
  /** Every reader gets a comment this often and a heartbeat event half as often. Default: 15 s. */
  commentIntervalMs?: number;
}

/** One per process: it watches each task once, however many follow it, and none that nobody follows. */
export function createProgressHub({ commentIntervalMs = 15_000, ...deps }: HubOptions): ProgressHub {
  const watched = new Map<string, { watch: Promise<TaskWatch>; readers: number }>();
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

  const enter = (taskId: string) => {
    const entry = watched.get(taskId) ?? { watch: TaskWatch.open(taskId, deps), readers: 0 };
    watched.set(taskId, entry);
    // Counted before anything is awaited, or a reader that leaves meanwhile could close it under a new one.
    entry.readers += 1;
    let left = false;
    const leave = () => {
      if (left) return;
      left = true;
      entry.readers -= 1;
      if (entry.readers === 0) {
        watched.delete(taskId);
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

/** One that could not be opened has told its readers so. */
function whenOpen(watch: Promise<TaskWatch>, action: (open: TaskWatch) => void): void {
  watch.then(action, () => undefined);
}
