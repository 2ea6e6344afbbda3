import type { ReceivedEvent } from '../../src/client/task-events.ts';
import { isErrorCode } from '../../src/contracts/error-codes.ts';
import { createEventHub, type EventHub, type Listener, type TaskNews } from './event-hub.ts';
import type { Told, Wish } from './event-worker.ts';
import { apiKey, PipelineError, wantsKey } from './server.ts';

let hub: EventHub | undefined;

/** The connection that all tabs share, or this tab's own in browsers without shared workers, such as Chrome for Android. */
function openHub(): EventHub {
  hub ??= sharedHub() ?? ownHub();
  return hub;
}

function sharedHub(): EventHub | undefined {
  const worker = openWorker();
  if (!worker) {
    return undefined;
  }
  const following = new Map<string, { since: number; listener: Listener }>();
  const wish = (wanted: Wish) => worker.port.postMessage(wanted);
  worker.port.onmessage = ({ data: { id, news } }: MessageEvent<Told>) => {
    const task = following.get(id);
    if (task && 'event' in news && news.event.event_type === 'stage_update') task.since = news.event.seq;
    task?.listener(news);
  };
  // After an upgrade of the server, its script may be gone.
  worker.onerror = () => {
    hub = ownHub();
    for (const { listener } of following.values()) listener({ end: {} });
  };
  // A worker is not notified when a tab closes. A tab may come back with the Back button.
  addEventListener('pagehide', () => {
    for (const id of following.keys()) wish({ leave: id });
  });
  addEventListener('pageshow', ({ persisted }) => {
    if (!persisted) return;
    for (const [id, { since }] of following) wish({ follow: id, since });
  });
  return {
    follow(id, since, listener) {
      following.set(id, { since, listener });
      wish({ follow: id, since });
      return () => {
        if (following.get(id)?.listener !== listener) return;
        following.delete(id);
        wish({ leave: id });
      };
    },
    useKey: (key) => wish({ key }),
  };
}

function openWorker(): SharedWorker | undefined {
  try {
    return new SharedWorker(new URL('./event-worker.ts', import.meta.url), {
      type: 'module',
      name: 'limelight-events',
    });
  } catch {
    // The browser has none, or its user forbids them together with cookies.
    return undefined;
  }
}

/** A hidden tab has no connection, so that many tabs leave some free. It gets what it missed when it is shown again. */
function ownHub(): EventHub {
  const own = createEventHub();
  return {
    useKey: own.useKey,
    follow(id, since, listener) {
      let last = since;
      let leave: (() => void) | undefined;
      const onNews = (news: TaskNews) => {
        if ('event' in news && news.event.event_type === 'stage_update') last = news.event.seq;
        listener(news);
      };
      const update = () => {
        leave?.();
        leave = document.hidden ? undefined : own.follow(id, last, onNews);
      };
      document.addEventListener('visibilitychange', update);
      update();
      return () => {
        document.removeEventListener('visibilitychange', update);
        leave?.();
      };
    },
  };
}

/**
 * Each event of a task after `since`, to the last. Lost connections are repaired.
 * @throws PipelineError TASK_NOT_FOUND, or the reason why the key was rejected
 */
export async function* taskEvents(
  id: string,
  since: number,
  signal: AbortSignal,
): AsyncGenerator<ReceivedEvent, void> {
  const connection = openHub();
  connection.useKey(apiKey.value);
  const arrived: TaskNews[] = [];
  let wake = () => {};
  const leave = connection.follow(id, since, (news) => {
    arrived.push(news);
    wake();
  });
  const stop = () => wake();
  signal.addEventListener('abort', stop);
  try {
    while (!signal.aborted) {
      const news = arrived.shift();
      if (!news) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      } else if ('event' in news) {
        yield news.event;
      } else {
        const { code } = news.end;
        if (code?.startsWith('KEY_')) wantsKey.value = true;
        if (code) throw new PipelineError(isErrorCode(code) ? code : 'INTERNAL', code);
        return;
      }
    }
  } finally {
    signal.removeEventListener('abort', stop);
    leave();
  }
}
