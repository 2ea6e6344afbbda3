import { type EventMessage, readEventMessages } from '../../src/client/event-messages.ts';
import { sleep } from '../../src/client/sleep.ts';
import type { ReceivedEvent } from '../../src/client/task-events.ts';
import type { EndEvent, TaskEvent } from '../../src/contracts/schemas/stage-event.ts';

/** What a follower of a task receives: its events, and at last why there are no more. */
export type TaskNews = { event: ReceivedEvent } | { end: { code?: string } };
export type Listener = (news: TaskNews) => void;

export interface EventHub {
  /** Passes on each event after `since`, until the task ends or the returned function is called. */
  follow(id: string, since: number, listener: Listener): () => void;
  /** The API key of the next connection. */
  useKey(key: string | undefined): void;
}

interface Followed {
  /** All stage events, for tabs that come later. */
  events: TaskEvent[];
  /** With the last `seq` that each had when it came. */
  listeners: Map<Listener, number>;
}

const RETRY_DELAY_MS = 1_000;
/** Tabs that open together need one connection, not one after another. */
const GATHERING_MS = 50;

/** Follows any number of tasks over one connection, because a browser has only six for a server. Runs in a shared worker. */
export function createEventHub(): EventHub {
  const tasks = new Map<string, Followed>();
  let key: string | undefined;
  let connection = new AbortController();

  const end = (id: string, code?: string) => {
    const listeners = tasks.get(id)?.listeners.keys() ?? [];
    tasks.delete(id);
    for (const listener of listeners) listener({ end: { ...(code && { code }) } });
  };

  const take = ({ event, data }: EventMessage) => {
    if (event === 'end') {
      const { task_id, code } = data as EndEvent;
      end(task_id, code);
    } else if (event === undefined || event === 'activity_progress') {
      const news = data as ReceivedEvent;
      const task = tasks.get(news.task_id);
      if (!task) {
        return;
      }
      if (news.event_type === 'stage_update') {
        if (news.seq <= lastSeq(task)) return;
        task.events.push(news);
      }
      for (const [listener, since] of task.listeners) {
        if (news.event_type !== 'stage_update' || news.seq > since) listener({ event: news });
      }
    }
  };

  const connect = async (signal: AbortSignal) => {
    await sleep(GATHERING_MS);
    while (!signal.aborted && tasks.size > 0) {
      try {
        const wanted = [...tasks].map(([id, task]) => `${id}:${lastSeq(task)}`);
        const answer = await fetch(`/api/pipeline/progress?tasks=${wanted}`, {
          headers: key === undefined ? {} : { Authorization: `Bearer ${key}` },
          signal,
        });
        if (answer.status === 401 || answer.status === 403) {
          const { code } = await answer.json();
          for (const id of [...tasks.keys()]) end(id, code);
        } else if (answer.ok) {
          for await (const message of readEventMessages(answer.body!)) {
            if (signal.aborted) return;
            take(message);
          }
        }
      } catch {
        // The connection was lost, or the server restarts.
      }
      await sleep(RETRY_DELAY_MS);
    }
  };

  const reconnect = () => {
    connection.abort();
    connection = new AbortController();
    void connect(connection.signal);
  };

  return {
    follow(id, since, listener) {
      const known = tasks.get(id);
      const task = known ?? { events: [], listeners: new Map() };
      for (const event of task.events) {
        if (event.seq > since) listener({ event });
      }
      task.listeners.set(listener, since);
      if (!known) {
        tasks.set(id, task);
        reconnect();
      }
      return () => {
        task.listeners.delete(listener);
        if (task.listeners.size === 0 && tasks.get(id) === task) {
          tasks.delete(id);
          if (tasks.size === 0) connection.abort();
        }
      };
    },
    useKey(next) {
      if (next !== key) {
        key = next;
        if (tasks.size > 0) reconnect();
      }
    },
  };
}

function lastSeq({ events }: Followed): number {
  return events.at(-1)?.seq ?? 0;
}
